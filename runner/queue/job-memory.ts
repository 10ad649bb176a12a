import type { JobMemory } from "../run/run-state.js";
import type { LeasedMessage, SettleAnswer } from "./backend.js";

/** A shorter wait does not justify another claim and another run: the run sleeps under its lease. */
const MAX_SLEEP_MS = 5000;

/** The saved state of a job during one run, and what the run asked for. */
export class RunMemory implements JobMemory {
  readonly maxWaitMs = MAX_SLEEP_MS;
  /** Null: this run is the last one. */
  laterMs: number | null = null;
  /** The earliest time of a retry, in milliseconds from now. */
  notBeforeMs = 0;

  constructor(
    readonly message: LeasedMessage,
    readonly isRetried: boolean,
    readonly saveState: (message: LeasedMessage, state: string) => Promise<SettleAnswer>,
  ) {}

  get state(): string | null {
    return this.message.savedState;
  }

  async save(text: string): Promise<boolean> {
    return (await this.saveState(this.message, text)) === "stored";
  }

  retryAfter(afterMs: number): void {
    this.notBeforeMs = afterMs;
  }

  continueLater(afterMs: number): void {
    this.laterMs = afterMs;
  }
}
