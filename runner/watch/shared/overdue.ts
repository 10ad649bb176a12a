import { DueHeap } from "../due-heap.js";

/** A slot, and the moment from which no more reports are waited for. */
export interface AwaitedSlot {
  readonly key: string;
  readonly at: number;
  readonly until: number;
}

/** Slots whose workers have time until a moment. */
export class Overdue {
  readonly #due = new DueHeap<AwaitedSlot>();

  add(key: string, at: number, until: number): void {
    this.#due.add(until, { key, at, until });
  }

  /** A new epoch begins: those before it are not waited for. */
  clear(): void {
    this.take(Number.POSITIVE_INFINITY);
  }

  /** Those whose time is over. Each is taken once. */
  take(now: number): AwaitedSlot[] {
    const over: AwaitedSlot[] = [];
    for (let due = this.#due.take(now); due !== null; due = this.#due.take(now)) over.push(due.item);
    return over;
  }
}
