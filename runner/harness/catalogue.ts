import { readFileSync } from "node:fs";
import { join } from "node:path";
import { entries } from "../../probes/catalogue.js";
import { packageRoot } from "../support/package-root.js";
import type { CatalogueEntry } from "./built-in.js";

/** Every built-in probe, by name. */
export function catalogue(): readonly CatalogueEntry[] {
  return entries;
}

/** One contract of a built-in probe as JSON Schema, as the package publishes it. */
export function publishedSchema(name: string, version: string, side: "input" | "output"): unknown {
  return JSON.parse(readFileSync(join(packageRoot(), "schemas/json", name, version, `${side}.json`), "utf8"));
}
