import type { TaskMeta } from "vitest";
import type { Place } from "../suite/suite-files.js";

/** One try of a check. */
export interface CheckTry {
  /** What it found; absent if it could not be run. */
  ran?: TaskMeta["probe_run"];
  /** Why it failed; empty if it did not. */
  reasons: readonly string[];
  /** The line of the suite, or of a transcript, that was not met. */
  place?: Place;
}

/** The tries of one check: of a check that is retried, vitest itself keeps the last result only. */
export class Tries {
  readonly #all: CheckTry[] = [];

  constructor(readonly isKept: boolean) {}

  async next(meta: TaskMeta, work: (own: CheckTry) => Promise<void>): Promise<void> {
    const own: CheckTry = { reasons: [] };
    this.#all.push(own);
    try {
      await work(own);
    } catch (error) {
      if (own.reasons.length === 0) own.reasons = [error instanceof Error ? error.message : String(error)];
      throw error;
    } finally {
      if (this.isKept) meta.probe_run_tries = this.#all;
    }
  }
}
