import { setTimeout as sleep } from "node:timers/promises";
import type { Outcome, Sink } from "./backend.js";
import { backoffMs } from "./backoff.js";
import { isRefused, isTransient } from "./is-transient.js";
import { lastFailure } from "./last-failure.js";

interface ForwardOptions {
  readonly results: Sink;
  /** Called with each error that is retried. */
  readonly onTrouble: (error: unknown) => void;
  /** After this, the delivery of a result that its receiver does not accept ends, and its job is released. */
  readonly giveUpSignal: AbortSignal;
}

/**
 * Stores a result at its receiver before the job is done: if the worker is killed in between, the job runs again and its result has the same id. A
 * refused result would be refused again, so its job becomes a dead letter and blocks no other.
 */
export async function forwardResult(outcome: Outcome, { results, onTrouble, giveUpSignal }: ForwardOptions): Promise<Outcome> {
  if (!("result" in outcome) || outcome.result === null) return outcome;
  for (let attempt = 1; ; attempt++) {
    try {
      await results.push([outcome.result]);
      return { ...outcome, result: null };
    } catch (error) {
      if (isRefused(error)) return { kind: "dead", failure: lastFailure("result_refused", error.message) };
      if (!isTransient(error)) throw error;
      if (giveUpSignal.aborted) return { kind: "release" };
      onTrouble(error);
      await sleep(backoffMs(attempt, 200, 5000), undefined, { signal: giveUpSignal }).catch(() => undefined);
    }
  }
}
