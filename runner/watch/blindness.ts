import type { CheckState } from "./state.js";

/** Fewer checks than this fail together now and then by chance. */
const LEAST_CHECKS = 11;

/** A failure after a success: the state before it, and the results since. */
interface Turn {
  readonly state: CheckState;
  readonly ats: number[];
}

/**
 * Without canaries: if more than half of the checks turn to failing within one slot, this machine fails, and not they. It ends when half of the
 * checks are fine again.
 */
export class Blindness {
  readonly #turns = new Map<string, Turn>();
  readonly #fine = new Set<string>();

  constructor(
    readonly checks: number,
    public isBlind: boolean,
  ) {}

  /** A result that is fine. True: sight is back. */
  fine(key: string): boolean {
    this.#turns.delete(key);
    this.#fine.add(key);
    if (!this.isBlind || this.#fine.size * 2 < this.checks) return false;
    this.isBlind = false;
    return true;
  }

  /** A failure at this moment, and the state before it. Returns what is to be taken back if it shows that this machine fails, else null. */
  failed(key: string, state: CheckState, at: number, slotMs: number): ReadonlyMap<string, Turn> | null {
    const wasFailing = state.outcome === "error";
    this.#fine.delete(key);
    if (this.isBlind || this.checks < LEAST_CHECKS) return null;
    const turn = this.#turns.get(key);
    if (turn !== undefined) turn.ats.push(at);
    else if (!wasFailing) this.#turns.set(key, { state, ats: [at] });
    for (const [other, { ats }] of this.#turns) if ((ats[0] as number) <= at - slotMs) this.#turns.delete(other);
    if (this.#turns.size * 2 <= this.checks) return null;
    this.isBlind = true;
    const taken = new Map(this.#turns);
    this.#turns.clear();
    return taken;
  }
}
