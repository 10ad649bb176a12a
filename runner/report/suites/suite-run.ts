import { type Sample, sampleOf } from "../sample.js";

/** One suite's file as vitest ran it. */
export interface SuiteRun {
  readonly name: string;
  /** Relative to the folder in which it was run. */
  readonly file: string;
  /** Why the file as a whole could not be run. */
  readonly problems: readonly string[];
  readonly checks: readonly CheckRun[];
}

/** One check on one target. */
export interface CheckRun {
  /** Without its target. */
  readonly name: string;
  /** Null if the suite has no targets. */
  readonly target: string | null;
  readonly state: "passed" | "failed" | "skipped";
  /** Milliseconds since 1970; null if it was not run. */
  readonly startedAt: number | null;
  /** The line of the suite with the expectation that failed. */
  readonly place: string | null;
  /** In their order; only the last one decides. */
  readonly tries: readonly CheckTried[];
}

export interface CheckTried {
  /** `network.smtp@2.0.0` */
  readonly probe: string;
  /** Why it failed; empty if it did not. */
  readonly reasons: readonly string[];
  /** The queue side of the envelope; null if the probe gave no result. */
  readonly output: unknown;
}

/** What the probe found, as reports count it. */
export function triedSample({ target, startedAt }: CheckRun, { probe, output }: CheckTried): Sample | null {
  const sample = sampleOf({ output, subject: probe });
  return sample === null ? null : { ...sample, target: target ?? sample.target, at: sample.at ?? startedAt };
}

export function lastTry({ tries }: CheckRun): CheckTried | null {
  return tries.at(-1) ?? null;
}
