import type { Report } from "../harness/run.js";

/** The exit codes of the command line. */
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

/** The exit code for a run's status. A warning is a success unless --fail-on says otherwise. */
export function exitCodeOf({ carried }: Report, failOn: FailOn = "error"): number {
  return carried.status === "error" || carried.status === failOn ? EXIT.failed : EXIT.ok;
}

export const FAIL_ON = ["error", "warning"] as const;
export type FailOn = (typeof FAIL_ON)[number];
