import type { JobMemory } from "../run/run-state.js";
import type { Delivery, SettleAnswer } from "./backend.js";

/** A wait up to this long is not worth another claim and another run: it is slept under the lease. */
const WORTH_SLEEPING_MS = 5000;

/** What one run of a job may keep, and what it said about going on. */
export class RunMemory implements JobMemory {
  readonly mostWaitMs = WORTH_SLEEPING_MS;
  /** Null: this run is the last one. */
  laterMs: number | null = null;
  /** If it is run again: not before so much time has passed. */
  notBeforeMs = 0;

  constructor(
    readonly delivery: Delivery,
    readonly isRetried: boolean,
    readonly store: (delivery: Delivery, text: string) => Promise<SettleAnswer>,
  ) {}

  get kept(): string | null {
    return this.delivery.kept;
  }

  async keep(text: string): Promise<boolean> {
    return (await this.store(this.delivery, text)) === "stored";
  }

  retryAfter(afterMs: number): void {
    this.notBeforeMs = afterMs;
  }

  goOnLater(afterMs: number): void {
    this.laterMs = afterMs;
  }
}
