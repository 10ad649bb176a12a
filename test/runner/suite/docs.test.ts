import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { readSuite } from "../../../runner/suite/read.js";
import { assertionContract } from "../../../schemas/assertion.js";
import { suiteContract } from "../../../schemas/suite.js";

const page = readFileSync(new URL("../../../docs/suites.md", import.meta.url), "utf8");

test("the suite that docs/suites.md shows can be run", async () => {
  const [, example] = /```yaml\n([\s\S]*?)```/.exec(page) as RegExpExecArray;
  const { checks } = await readSuite("docs/suites.md", example as string, {});
  expect(checks.map(({ title }) => title)).toEqual([
    "mx1 network.smtp@2 greets",
    "mx1 network.smtp@2 takes no mail on port 26",
    "mx2 network.smtp@2 greets",
    "mx2 network.smtp@2 takes no mail on port 26",
  ]);
});

test("the matrix that docs/suites.md shows makes eight targets", async () => {
  const example = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text]) => text as string).find((text) => text.includes("matrix:")) as string;
  const { checks, targets } = await readSuite("/suites.yaml", example.replace(/^include:.*$/m, ""), {});
  expect(targets).toHaveLength(8);
  expect(checks).toHaveLength(8 + 4);
});

test("docs/suites.md names every matcher and every field of a suite", () => {
  const names = (schema: unknown) => Object.keys((schema as { properties: object }).properties);
  for (const name of names(assertionContract.schema)) expect(page).toContain(`\`${name}\``);
  for (const name of names(suiteContract.schema)) expect(page).toContain(`${name}:`);
});
