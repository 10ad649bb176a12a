import { existsSync } from "node:fs";
import { QueueError } from "../../queue/queue-error.js";
import { asQueueError } from "../../queue/sqlite/errors.js";
import { monotonic } from "../../run/clock.js";
import { DEFAULT_LEDGER, Ledger } from "./ledger.js";

const CHECK_AGAIN_MS = 1000;

/**
 * The ledger for deliveries: opened with the first message, never created. The default file is used if it exists; a file that was given must exist,
 * and so must the default one for settings that write to it.
 */
export class LazyLedger {
  #ledger: Ledger | null = null;
  #checkAgainAt = Number.NEGATIVE_INFINITY;
  #isClosed = false;

  /** Null: none was given. */
  constructor(readonly named: string | null) {}

  /** Null if none was given and none is needed. Throws if it cannot be opened. */
  open(isNeeded: boolean): Ledger | null {
    if (this.#ledger !== null) return this.#ledger;
    if (this.#isClosed) throw new QueueError("closed", "the delivery ledger has been closed");
    if (!isNeeded && this.named === null && !this.#isThere()) return null;
    const path = this.named ?? DEFAULT_LEDGER;
    try {
      this.#ledger = Ledger.open(path);
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

  /** It may be created while this process runs, but not every message has to check. */
  #isThere(): boolean {
    const now = monotonic();
    if (now < this.#checkAgainAt) return false;
    this.#checkAgainAt = now + CHECK_AGAIN_MS;
    return existsSync(DEFAULT_LEDGER);
  }
}
