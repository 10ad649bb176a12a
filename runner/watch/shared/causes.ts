import { dependencyFails, EVERY_CANARY_FAILS, isFine, type RawOutcome } from "../judge.js";
import type { CheckState } from "../state.js";
import type { WatchedCheck, WatchPlan } from "../watch-plan.js";
import type { Cause } from "./entries.js";

export interface CausesOptions {
  state(key: string): CheckState;
  isBlind(): boolean;
  /** Runs a check for a slot that begins at this moment, or later if that slot is over. Returns when the slot begins. */
  ask(check: WatchedCheck, at: number): number;
}

/** A failure: when its slot began, and when it was known. */
export interface KnownFailure {
  readonly at: number;
  readonly knownAt: number;
}

interface Newest {
  readonly at: number;
  readonly outcome: RawOutcome;
  /** When it was known the last time that it is fine after it failed; -1 for never. */
  readonly recoveredAt: number;
}

const NOTHING: Newest = { at: -1, outcome: "unknown", recoveredAt: -1 };

/**
 * Whose failure a failure is: its check's own, that of a check on which it depends, or this machine's. What one watch concludes goes into the log,
 * and the first conclusion counts for all: they may have different knowledge of other checks, as after a restart.
 */
export class Causes {
  readonly #byKey: ReadonlyMap<string, WatchedCheck>;
  /** Of those that others may ask for. */
  readonly #newest = new Map<string, Newest>();
  /** The slot for which each of them was run last. */
  readonly #asked = new Map<string, number>();

  constructor(
    readonly plan: WatchPlan,
    readonly options: CausesOptions,
  ) {
    this.#byKey = new Map(plan.checks.map((check) => [check.key, check]));
    for (const key of [...plan.canaries, ...plan.checks.flatMap(({ dependsOn }) => dependsOn)]) this.#newest.set(key, NOTHING);
  }

  /** Others may be the cause of its failures. */
  mayHave({ dependsOn }: WatchedCheck): boolean {
    return this.plan.canaries.length > 0 || dependsOn.length > 0;
  }

  /** A new epoch begins: the moments before it cannot be compared with what comes. */
  forget(): void {
    for (const key of this.#newest.keys()) this.#newest.set(key, NOTHING);
    this.#asked.clear();
  }

  /** A slot of any check has ended. */
  ended(key: string, { at, knownAt }: KnownFailure, outcome: RawOutcome): void {
    if (!this.#newest.has(key)) return;
    const newest = this.#newestOf(key);
    if (newest.at >= at) return;
    const isRecovery = isFine(outcome) && newest.outcome === "error";
    // While a check starts to work again, its locations may disagree: until it is fine, it still fails.
    const meant = outcome === "unknown" && newest.outcome === "error" ? "error" : outcome;
    this.#newest.set(key, { at, outcome: meant, recoveredAt: isRecovery ? knownAt : newest.recoveredAt });
  }

  /** Null: what must be known was asked for. */
  of({ dependsOn }: WatchedCheck, failure: KnownFailure): Cause | null {
    const canaries = this.#outcomes(this.plan.canaries, failure);
    if (canaries === null) return null;
    if (canaries.length > 0 && canaries.every((outcome) => outcome === "error")) return { outcome: "unknown", why: EVERY_CANARY_FAILS };
    const parents = this.#outcomes(dependsOn, failure);
    if (parents === null) return null;
    const failing = parents.findIndex((outcome) => !isFine(outcome));
    if (failing < 0) return { outcome: "error", why: null };
    return { outcome: "suppressed", why: dependencyFails(this.#byKey.get(dependsOn[failing] as string) as WatchedCheck) };
  }

  /** Null: some of them are missing, and are run now. */
  #outcomes(keys: readonly string[], failure: KnownFailure): RawOutcome[] | null {
    const outcomes = keys.map((key) => this.#outcome(key, failure));
    for (const [index, key] of keys.entries()) {
      const isRunning = (this.#asked.get(key) ?? -1) > this.#newestOf(key).at;
      if (outcomes[index] === null && !isRunning) this.#asked.set(key, this.options.ask(this.#byKey.get(key) as WatchedCheck, failure.knownAt));
    }
    return outcomes.includes(null) ? null : (outcomes as RawOutcome[]);
  }

  /**
   * That a check was fine, or that nothing is known of it, says something of a failure only if its run began after the failure was known: until then,
   * jobs may overtake each other.
   */
  #outcome(key: string, { at, knownAt }: KnownFailure): RawOutcome | null {
    const newest = this.#newestOf(key);
    if (newest.at >= at && (newest.outcome === "error" || newest.recoveredAt > at)) return "error";
    return newest.at >= knownAt ? newest.outcome : null;
  }

  /** What was recorded may be newer than what this reader saw: after a restart, and when states are taken over. */
  #newestOf(key: string): Newest {
    const seen = this.#newest.get(key) ?? NOTHING;
    const state = this.options.state(key);
    return (state.last_at ?? -1) > seen.at
      ? { at: state.last_at as number, outcome: rawOutcomeOf(state, this.options.isBlind()), recoveredAt: seen.recoveredAt }
      : seen;
  }
}

/** What a check's newest run itself found, as far as its state says. */
function rawOutcomeOf({ outcome, fails_in_maintenance: failsInMaintenance }: CheckState, isBlind: boolean): RawOutcome {
  switch (outcome) {
    case "suppressed":
      return "error";
    case "unknown":
      return isBlind ? "error" : "unknown";
    case "maintenance":
      return failsInMaintenance === true ? "error" : "ok";
    default:
      return outcome;
  }
}
