import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MISSING_FOLDER, missingTable, readMissing } from "./missing-suites.js";

/** A vitest globalSetup: lists once, at the end of the run, the suites that did not run because a server is missing. */
export default function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), "probe-run-missing-"));
  process.env[MISSING_FOLDER] = folder;
  return () => {
    process.stderr.write(missingTable(readMissing(folder)));
    rmSync(folder, { recursive: true, force: true });
  };
}
