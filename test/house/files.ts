import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const REPO = fileURLToPath(new URL("../..", import.meta.url));

/** What the repo does not hold: installed, built or left behind by a run. */
const NOT_OURS = new Set(["node_modules", "dist", "coverage", ".git", ".probe-run"]);

/** The path of every file under a folder of the repo, from the top of the repo. */
export function filesIn(folder = ""): string[] {
  return readdirSync(join(REPO, folder), { withFileTypes: true })
    .filter((entry) => !NOT_OURS.has(entry.name))
    .flatMap((entry) => {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      return entry.isDirectory() ? filesIn(path) : [path];
    });
}

export function sourcesIn(folder: string): string[] {
  return filesIn(folder).filter((path) => path.endsWith(".ts"));
}

export function read(path: string): string {
  return readFileSync(join(REPO, path), "utf8");
}
