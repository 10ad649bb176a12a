import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The top of this checkout, with a slash at its end. */
export const REPO = fileURLToPath(new URL("..", import.meta.url));

/** A path inside this checkout. */
export function inRepo(...parts: string[]): string {
  return join(REPO, ...parts);
}

/** The ids of the probes in this checkout: one folder each. */
export function probeFolders(): string[] {
  return (
    readdirSync(inRepo("probes"), { withFileTypes: true })
      // An old branch may leave an empty folder, which is not a probe.
      .filter((entry) => entry.isDirectory() && existsSync(inRepo("probes", entry.name, "probe.ts")))
      .map((entry) => entry.name)
      .sort()
  );
}

/** A probe's local servers, for `probe-run lab`, are optional. */
export function bringsLab(probe: string): boolean {
  return existsSync(inRepo("probes", probe, "lab.ts"));
}
