import { describe, expect, test } from "vitest";
import { BOUNCE_CLASSES } from "../../schemas/bounce.js";
import { dkimResultSchema } from "../../schemas/dkim.js";
import { REPORT_KINDS } from "../../schemas/report.js";
import { deliveryPages } from "./delivery-pages.js";

const section = (title: string): string => deliveryPages.split(/^## /m).find((text) => text.startsWith(`${title}\n`)) ?? "";
/** What the first cells of a section's tables name. */
const named = (title: string): string[] =>
  [...section(title).matchAll(/^\| ([^|]*) \|/gm)].flatMap(([, cell = ""]) => [...cell.matchAll(/`(\w+)`/g)].map(([, word]) => word as string));

describe("docs/delivery.md", () => {
  test("names every class of a bounce and every kind of a report", () => {
    expect(named("Bounces")).toEqual(["class", ...BOUNCE_CLASSES, "kind", ...REPORT_KINDS]);
  });

  test("names every problem of a signature", () => {
    const codes = dkimResultSchema.properties.problems.items.properties.code.enum;
    expect(named("DKIM").sort()).toEqual(["code", ...codes].sort());
  });
});
