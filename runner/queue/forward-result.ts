import { setTimeout as sleep } from "node:timers/promises";
import type { Outcome, Sink } from "./backend.js";
import { backoffMs } from "./backoff.js";
import { isPassing, isRefused } from "./is-transient.js";
import { lastFailure } from "./last-failure.js";

interface HandingOn {
  readonly results: Sink;
  /** Is told of what went wrong and is tried again. */
  readonly onTrouble: (error: unknown) => void;
  /** From then on a result that its receiver cannot take just now is given up, and its job given back. */
  readonly givingUp: AbortSignal;
}

/**
 * Where results go elsewhere, they are there before the job is done: killed in between, it runs again, and its result has the same id.
 * A result that is refused would be refused again: its job is a dead letter, and nobody else has to wait for it.
 */
export async function handOn(outcome: Outcome, { results, onTrouble, givingUp }: HandingOn): Promise<Outcome> {
  if (!("result" in outcome) || outcome.result === null) return outcome;
  for (let attempt = 1; ; attempt++) {
    try {
      await results.push([outcome.result]);
      return { ...outcome, result: null };
    } catch (error) {
      if (isRefused(error)) return { kind: "dead", failure: lastFailure("result_refused", error.message) };
      if (!isPassing(error)) throw error;
      if (givingUp.aborted) return { kind: "release" };
      onTrouble(error);
      await sleep(backoffMs(attempt, 200, 5000), undefined, { signal: givingUp }).catch(() => undefined);
    }
  }
}
