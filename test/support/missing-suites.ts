import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The environment variable that names the folder in which workers note what they did not run. */
export const MISSING_FOLDER = "PROBE_RUN_MISSING_FOLDER";

export interface MissingSuite {
  suite: string;
  reason: string;
  remedy: string;
}

export function readMissing(folder: string): MissingSuite[] {
  return readdirSync(folder).flatMap((name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as MissingSuite[]);
}

/** What did not run, as a table with each row once; empty when everything did. */
export function missingTable(missing: readonly MissingSuite[]): string {
  if (missing.length === 0) return "";
  const unique = new Map(missing.map(({ suite, reason, remedy }) => [`${suite}\0${reason}\0${remedy}`, [suite, reason, remedy]]));
  const rows = [...unique.values()].sort((a, b) => a.join().localeCompare(b.join()));
  const all = [["suite", "did not run because", "what to do"], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...all.map((row) => (row[column] as string).length)));
  const lines = all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] as number))
      .join("  ")
      .trimEnd(),
  );
  return `\n${lines.map((line) => `  ${line}`).join("\n")}\n  (PROBE_RUN_REQUIRE_SERVERS=1 makes these fail.)\n`;
}
