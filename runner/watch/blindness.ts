import { slotLength } from "./schedule/schedule.js";
import { type CheckState, lastFailures } from "./state.js";
import type { WatchedCheck } from "./watch-plan.js";

/** Fewer checks than this fail together now and then by chance. */
const LEAST_CHECKS = 11;

/**
 * If more than half of the checks turn to failing within one slot, what runs them fails, and not they: this machine, or the workers of a location. It
 * is over when half of the checks are fine again.
 */
export class Blindness {
  /** Checks that were not failing before, and when the slot began that failed first. */
  readonly #turns = new Map<string, number>();
  readonly #fine = new Set<string>();
  /** So many of the turns fell into one slot that they are too many. */
  #isOneSlot = false;
  #newest = { at: Number.NEGATIVE_INFINITY, slotMs: 0 };

  constructor(
    readonly checks: number,
    /** So many that turn at once are too many. */
    readonly needed = checks < LEAST_CHECKS ? Number.POSITIVE_INFINITY : Math.floor(checks / 2) + 1,
  ) {}

  /** Continues with what is known of these checks: an outage may have begun just before a restart. */
  resume(checks: readonly Pick<WatchedCheck, "key" | "schedule">[], stateOf: (key: string) => CheckState): void {
    for (const { key, schedule } of checks) {
      const state = stateOf(key);
      if (state.outcome === "ok" || state.outcome === "warning") this.#fine.add(key);
      if (state.outcome !== "error" || state.last_at === null) continue;
      const slotMs = slotLength(state.last_at, schedule);
      this.#note(key, state.last_at - (lastFailures(state) - 1) * slotMs, slotMs, false);
    }
  }

  fine(key: string): void {
    this.#turns.delete(key);
    this.#fine.add(key);
  }

  /** A failure in the slot that began at this moment. `wasFailing`: the measured result before it was a failure, too. */
  failed(key: string, at: number, slotMs: number, wasFailing: boolean): void {
    this.#note(key, at, slotMs, wasFailing);
    if (this.turned !== null) return;
    this.#isOneSlot = false;
    if (this.#turns.size < this.needed) return;
    const { at: newest, slotMs: newestMs } = this.#newest;
    for (const [other, turnedAt] of this.#turns) if (turnedAt <= newest - 2 * newestMs) this.#turns.delete(other);
    this.#isOneSlot = [...this.#turns.values()].filter((turnedAt) => turnedAt > newest - newestMs).length >= this.needed;
  }

  /**
   * The checks that turned to failing within one slot, with the beginning of the first slot that failed; null if they are too few. It stays so for what
   * fails after them, until enough of them are fine again. What turned in the slot before is not counted, but named: a run that began late in its slot
   * fails for the same reason as the others.
   */
  get turned(): ReadonlyMap<string, number> | null {
    return this.#isOneSlot && this.#turns.size >= this.needed ? new Map(this.#turns) : null;
  }

  #note(key: string, at: number, slotMs: number, wasFailing: boolean): void {
    this.#fine.delete(key);
    if (!wasFailing && !this.#turns.has(key)) this.#turns.set(key, at);
    if (at > this.#newest.at) this.#newest = { at, slotMs };
  }

  get isOver(): boolean {
    return this.#fine.size * 2 >= this.checks;
  }
}
