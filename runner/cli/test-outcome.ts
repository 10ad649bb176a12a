import type { Vitest } from "vitest/node";
import { EXIT } from "./exit-codes.js";
import type { Io } from "./io.js";

/** The exit code of a finished vitest run. */
export function exitCodeOf(vitest: Vitest, passWithNoTests: boolean, io: Io): number {
  const modules = vitest.state.getTestModules();
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const states = new Set(tests.map((test) => test.result().state));
  const broken = vitest.state.getUnhandledErrors().length > 0 || modules.some((module) => module.errors().length > 0);
  if (broken) return EXIT.couldNotRun;
  if (states.has("failed")) return EXIT.failed;
  // Vitest's own verdict on what is not a test: a missing reporter, insufficient coverage.
  if (process.exitCode !== undefined && process.exitCode !== 0) return EXIT.couldNotRun;
  return states.has("passed") ? EXIT.ok : noneSelected(passWithNoTests, io);
}

export function noneSelected(passWithNoTests: boolean, io: Io): number {
  if (passWithNoTests) return EXIT.ok;
  io.err(
    "probe-run: no check was selected, so nothing was run\n  --list shows the checks; a word given with -t is compared as a whole; --passWithNoTests exits with 0\n",
  );
  return EXIT.badRequest;
}
