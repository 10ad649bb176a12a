import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

let found: { root: string; version: string } | null = null;

/** The folder with this package's package.json, whether the code runs from dist/ or from its sources. */
export function packageRoot(): string {
  return locate().root;
}

export function packageVersion(): string {
  return locate().version;
}

function locate(): { root: string; version: string } {
  if (found !== null) return found;
  for (let folder = dirname(fileURLToPath(import.meta.url)); folder !== dirname(folder); folder = dirname(folder)) {
    const path = join(folder, "package.json");
    if (!existsSync(path)) continue;
    const manifest = JSON.parse(readFileSync(path, "utf8")) as { name?: string; version: string };
    if (manifest.name !== "probe-run") continue;
    found = { root: folder, version: manifest.version };
    return found;
  }
  throw new Error("probe-run does not find its own package.json: install it again");
}
