import { onTestFinished, type TestContext } from "vitest";
import type { Report } from "../harness/run.js";
import { evidenceText } from "./evidence-text.js";
import { setMessage } from "./with-evidence.js";

/** What was asked of a run by the end of its test. */
export interface AskedRun {
  /** How many matchers were called. */
  readonly asked: number;
  /** The matchers that have no answer yet. */
  readonly waiting: ReadonlySet<Promise<unknown>>;
  /** Created where the run was asked for. */
  readonly caller: Error;
  /** Ends the run early, and resolves with what it found; null if it could not run. */
  end(): Promise<Report | null>;
}

/** Checks at the end of the current test what was asked of a run in it. Outside of a test nothing is checked. */
export function checkAtEndOfTest(run: AskedRun): void {
  try {
    onTestFinished((context) => checkedAtEnd(run, context));
  } catch {
    // No test runs: this is a hook of a suite, or no test file.
  }
}

export const NO_MATCHER = "expectProbe(…) runs nothing without a matcher: await expectProbe(…).toBeOk(), .toFailWith(…) or .toMatch(…)";

async function checkedAtEnd(run: AskedRun, { task, signal }: TestContext): Promise<void> {
  // Vitest may have taken another of the concurrent tests for the current one.
  if (task.concurrent === true) return;
  const isWaiting = run.waiting.size > 0;
  if (signal.aborted) {
    const report = isWaiting ? await run.end() : null;
    const error = task.result?.errors?.at(-1);
    if (report !== null && error !== undefined) setMessage(error as Error, `${error.message}\n\nThe probe was still running.\n${evidenceText(report)}`);
  } else if (task.result?.state !== "fail") {
    if (run.asked === 0) throw withMessage(run.caller, NO_MATCHER);
    if (!isWaiting) return;
    await Promise.all([run.end(), Promise.allSettled(run.waiting)]);
    throw withMessage(run.caller, "the test ended before this run did: write await before expectProbe(…)");
  }
}

function withMessage(error: Error, message: string): Error {
  setMessage(error, message);
  return error;
}
