import { readFileSync } from "node:fs";

/** A master file of fixtures/zones. */
export function zoneText(name: "example" | "other"): string {
  return readFileSync(zonePath(name), "utf8");
}

export function zonePath(name: "example" | "other"): string {
  return new URL(`../../fixtures/zones/${name}.zone`, import.meta.url).pathname;
}
