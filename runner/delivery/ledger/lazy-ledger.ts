import { existsSync } from "node:fs";
import { QueueError } from "../../queue/queue-error.js";
import { asQueueError } from "../../queue/sqlite/errors.js";
import { monotonic } from "../../run/clock.js";
import { DEFAULT_LEDGER, Ledger } from "./ledger.js";

const LOOK_AGAIN_MS = 1000;

/**
 * The ledger as those who send use it: opened with the first message. One that nobody named is used where it is, and made only when something is to
 * be kept in it: to send is no reason to write files.
 */
export class LedgerAt {
  #ledger: Ledger | null = null;
  #lookAgainAt = Number.NEGATIVE_INFINITY;
  #isClosed = false;

  /** Null: nobody named one. */
  constructor(readonly named: string | null) {}

  /** Null where there is none. Throws what keeps it from being opened. */
  open(isToBeKept: boolean): Ledger | null {
    if (this.#ledger !== null) return this.#ledger;
    if (this.#isClosed) throw new QueueError("closed", "the delivery ledger has been closed");
    if (!isToBeKept && this.named === null && !this.#isThere()) return null;
    const path = this.named ?? DEFAULT_LEDGER;
    try {
      this.#ledger = new Ledger(path);
    } catch (error) {
      throw asQueueError(error, path);
    }
    return this.#ledger;
  }

  close(): void {
    this.#isClosed = true;
    this.#ledger?.close();
    this.#ledger = null;
  }

  /** Somebody may make it while we run; a message a millisecond is no reason to look as often. */
  #isThere(): boolean {
    const now = monotonic();
    if (now < this.#lookAgainAt) return false;
    this.#lookAgainAt = now + LOOK_AGAIN_MS;
    return existsSync(DEFAULT_LEDGER);
  }
}
