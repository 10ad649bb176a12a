import { readFileSync } from "node:fs";
import { join } from "node:path";
import { entries } from "../../probes/catalogue.js";
import { packageRoot } from "../support/package-root.js";
import type { CatalogueEntry, LabOutline } from "./built-in.js";

/** Every built-in probe, by name. */
export function catalogue(): readonly CatalogueEntry[] {
  return entries;
}

/** The servers of a built-in probe's lab; none if it has none. Only `describe` needs them, so they are loaded when asked for. */
export async function labServersOf(name: string): Promise<readonly LabOutline[]> {
  const { labs } = await import("../../probes/labs.js");
  return Object.hasOwn(labs, name) ? (labs[name] as readonly LabOutline[]) : [];
}

/** One contract of a built-in probe as JSON Schema, as the package publishes it. */
export function publishedSchema(name: string, version: string, side: "input" | "output"): unknown {
  return JSON.parse(readFileSync(join(packageRoot(), "schemas/json", name, version, `${side}.json`), "utf8"));
}
