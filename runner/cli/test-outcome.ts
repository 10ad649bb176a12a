import type { Vitest } from "vitest/node";
import { EXIT } from "./exit-codes.js";
import type { Io } from "./io.js";

/** What a finished vitest run comes to. */
export function exitCodeOf(vitest: Vitest, passWithNoTests: boolean, io: Io): number {
  const modules = vitest.state.getTestModules();
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const states = new Set(tests.map((test) => test.result().state));
  const broken = vitest.state.getUnhandledErrors().length > 0 || modules.some((module) => module.errors().length > 0);
  if (broken) return EXIT.couldNotRun;
  if (states.has("failed")) return EXIT.failed;
  // Vitest's own verdict, for what is no test: a reporter that is not installed, a coverage that is too low.
  if (process.exitCode !== undefined && process.exitCode !== 0) return EXIT.couldNotRun;
  return states.has("passed") ? EXIT.ok : noneChosen(passWithNoTests, io);
}

export function noneChosen(passWithNoTests: boolean, io: Io): number {
  if (passWithNoTests) return EXIT.ok;
  io.err("probe-run: no check was chosen, so nothing was run\n  --passWithNoTests makes that a success\n");
  return EXIT.badRequest;
}
