import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "vitest";
import { MISSING_FOLDER, type MissingSuite } from "./missing-suites.js";
import { type ProgramName, whyNot } from "./programs.js";

/**
 * A suite that needs real servers. Where their programs cannot be used it does not run, and the end of the test run says so;
 * with PROBE_RUN_REQUIRE_SERVERS=1 it fails instead, so that a machine which is meant to have them is found out.
 */
export function realServer(suite: string, programs: readonly ProgramName[], tests: () => void): void {
  const missing = programs.flatMap((program) => {
    const why = whyNot(program);
    return why === null ? [] : [{ suite, ...why }];
  });
  if (missing.length === 0) {
    describe(suite, tests);
    return;
  }
  if (process.env.PROBE_RUN_REQUIRE_SERVERS === "1") {
    describe(suite, () => {
      test("its servers are there", () => {
        throw new Error(missing.map(({ reason, remedy }) => `${reason}: ${remedy}`).join("; "));
      });
    });
    return;
  }
  report(missing);
  // biome-ignore lint/suspicious/noSkippedTests: the run lists it at its end, and can make it an error
  describe.skip(suite, tests);
}

/** Workers are processes of their own: they leave a note for the one that began the run. */
function report(missing: readonly MissingSuite[]): void {
  const folder = process.env[MISSING_FOLDER];
  if (folder !== undefined) writeFileSync(join(folder, `${randomUUID()}.json`), JSON.stringify(missing));
}
