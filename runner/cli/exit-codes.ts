import type { Report } from "../harness/run.js";

/** What the command line ends with. */
export const EXIT = {
  /** Ran, and the target is fine: ok or warning. */
  ok: 0,
  /** Ran, and the target failed. */
  failed: 1,
  /** The request was wrong: nothing was sent. */
  badRequest: 2,
  /** Could not run: a bug, a missing tool, a missing permission. */
  couldNotRun: 3,
} as const;

/** What a run makes of the exit code. A warning is a success unless it is asked to be none. */
export function exitCodeOf({ carried }: Report, failOn: FailOn = "error"): number {
  return carried.status === "error" || carried.status === failOn ? EXIT.failed : EXIT.ok;
}

export const FAIL_ON = ["error", "warning"] as const;
export type FailOn = (typeof FAIL_ON)[number];
