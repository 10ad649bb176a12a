import { compareIds } from "../../queue/shared-log.js";
import type { ReportedSlot } from "./open-slots.js";
import type { Agreed } from "./quorum.js";

/** A slot that has ended, with what its locations agree on. */
export interface HeldSlot extends ReportedSlot {
  readonly found: Agreed;
  /** More than half of its reports are failures. */
  readonly isByMost: boolean;
  /** When it ended, by the log. */
  readonly knownAt: number;
  /** It failed, and whose failure that is must be in the log first. */
  needsCause: boolean;
}

/** Slots that have ended and are not recorded yet. Those of one check wait for each other: they count in their order. */
export class HeldSlots {
  readonly #held = new Map<string, HeldSlot[]>();

  /** After which entry a reader of the log must begin to know all that is held; null: nothing is. */
  get oldest(): string | null {
    let oldest: string | null = null;
    for (const slots of this.#held.values()) for (const { before } of slots) if (oldest === null || compareIds(before, oldest) < 0) oldest = before;
    return oldest;
  }

  /** The first slot of each check: all that can be decided now. */
  get first(): HeldSlot[] {
    return [...this.#held.values()].flatMap(([slot]) => slot ?? []);
  }

  firstOf(key: string): HeldSlot | null {
    return this.#held.get(key)?.[0] ?? null;
  }

  /** The newest slot of a check that is held; -1 for none. */
  newestAt(key: string): number {
    return this.#held.get(key)?.at(-1)?.at ?? -1;
  }

  add(slot: HeldSlot): void {
    const slots = this.#held.get(slot.key);
    if (slots === undefined) this.#held.set(slot.key, [slot]);
    else slots.push(slot);
  }

  /** Takes the first slot of a check, if nothing must be known before it is recorded. */
  take(key: string): HeldSlot | null {
    const slots = this.#held.get(key) ?? [];
    if (slots[0]?.needsCause !== false) return null;
    const slot = slots.shift() as HeldSlot;
    if (slots.length === 0) this.#held.delete(key);
    return slot;
  }
}
