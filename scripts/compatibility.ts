import { existsSync, readdirSync, readFileSync } from "node:fs";
import { inRepo } from "./repo.js";
import { type Schema, type SchemaBreak, schemaBreaks } from "./schema-breaks.js";
import { type Comparison, versionsToCompare } from "./versions-to-compare.js";

// Fails if the contracts in schemas/json would break users of the last release's, in schemas/released.
const RELEASED = "schemas/released";
const NOW = "schemas/json";

const problems = versionsToCompare(versionsIn(RELEASED), versionsIn(NOW)).flatMap(problemsOf);
if (problems.length > 0) {
  console.error("These changes break callers of a released contract. Keep what it promised, or raise the probe's major version:");
  for (const problem of problems) console.error(`  ${problem}`);
  process.exitCode = 1;
}

function versionsIn(folder: string): Record<string, string[]> {
  const versionsOf = (probe: string) => foldersIn(`${folder}/${probe}`).filter((version) => existsSync(inRepo(folder, probe, version, "input.json")));
  return Object.fromEntries(foldersIn(folder).map((probe) => [probe, versionsOf(probe)]));
}

function foldersIn(folder: string): string[] {
  if (!existsSync(inRepo(folder))) return [];
  const entries = readdirSync(inRepo(folder), { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}

function problemsOf({ probe, released, now }: Comparison): string[] {
  if (now === null) return [`${probe} ${released}: the version is no longer served`];
  return (["input", "output"] as const).flatMap((side) => {
    const found = schemaBreaks(read(RELEASED, probe, released, side), read(NOW, probe, now, side), side);
    return found.map(({ pointer, message }: SchemaBreak) => `${probe} ${released === now ? now : `${released} to ${now}`} ${side}${pointer}: ${message}`);
  });
}

function read(folder: string, probe: string, version: string, side: string): Schema {
  return JSON.parse(readFileSync(inRepo(folder, probe, version, `${side}.json`), "utf8")) as Schema;
}
