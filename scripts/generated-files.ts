import { existsSync, readdirSync, readFileSync } from "node:fs";
import type { LabOutline } from "../runner/harness/built-in.js";
import type { Probe } from "../runner/harness/define-probe.js";
import { jsonSchemaOf } from "../runner/harness/json-schema.js";
import { withCatalogue } from "./catalogue.js";
import { catalogueSource } from "./catalogue-source.js";
import { labsSource } from "./labs-source.js";
import { registrySource } from "./registry-source.js";
import { inRepo } from "./repo.js";
import { suitePartSchema, suiteSchema } from "./suite-schema.js";

/** For editors: `# yaml-language-server: $schema=…` in a suite. */
const SUITE_SCHEMA = "schemas/json/suite.json";
const SUITE_PART_SCHEMA = "schemas/json/suite-part.json";

/** What `npm run generate` writes: a file's path in this checkout, and what it must hold. Null: the file must not be there. */
export type GeneratedFiles = Map<string, string | null>;

export function generatedFiles(probes: readonly Probe[], labs: ReadonlyMap<string, readonly LabOutline[]>): GeneratedFiles {
  const files: GeneratedFiles = new Map(schemaFilesPresent().map((path) => [path, null]));
  files.set("probes/index.ts", registrySource(probes.map(({ name }) => name)));
  files.set("probes/catalogue.ts", catalogueSource(probes));
  files.set("probes/labs.ts", labsSource(labs));
  files.set(SUITE_SCHEMA, `${JSON.stringify(suiteSchema(probes), null, 2)}\n`);
  files.set(SUITE_PART_SCHEMA, `${JSON.stringify(suitePartSchema(), null, 2)}\n`);
  for (const probe of probes) for (const [path, content] of schemasOf(probe)) files.set(path, content);
  if (existsSync(inRepo("README.md"))) files.set("README.md", withCatalogue(readFileSync(inRepo("README.md"), "utf8"), probes));
  return files;
}

/** Schemas of removed probes and versions are deleted. */
function schemaFilesPresent(): string[] {
  if (!existsSync(inRepo("schemas/json"))) return [];
  const entries = readdirSync(inRepo("schemas/json"), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => `${entry.parentPath}/${entry.name}`.slice(inRepo().length));
}

function schemasOf(probe: Probe): [string, string][] {
  return Object.keys(probe.versions).flatMap((version) =>
    (["input", "output"] as const).map((side): [string, string] => [
      `schemas/json/${probe.name}/${version}/${side}.json`,
      `${JSON.stringify(jsonSchemaOf(probe, version, side), null, 2)}\n`,
    ]),
  );
}
