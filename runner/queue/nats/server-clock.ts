import type { Names } from "./names.js";
import type { Requests } from "./requests.js";

/** In this time, clocks drift apart by about ten milliseconds. */
const RESYNC_MS = 60_000;

/**
 * The server's time, the same for all processes to half a round trip: the time at which the server stored a message, advanced by this machine's
 * monotonic clock. The local wall clock is not used.
 */
export class ServerClock {
  #offset = 0;
  #measuredAt = Number.NEGATIVE_INFINITY;
  #measuring: Promise<void> | null = null;

  constructor(
    readonly requests: Requests,
    readonly names: Names,
  ) {}

  /** In milliseconds. */
  async now(): Promise<number> {
    if (performance.now() - this.#measuredAt > RESYNC_MS) {
      this.#measuring ??= this.#measure().finally(() => {
        this.#measuring = null;
      });
      await this.#measuring;
    }
    return performance.now() + this.#offset;
  }

  async #measure(): Promise<void> {
    const { leases, clock } = this.names;
    for (;;) {
      const before = performance.now();
      const sequence = await this.requests.write({ stream: leases, subject: clock, body: "" });
      const after = performance.now();
      const stored = await this.requests.last(leases, clock);
      // Another process has written in between, so the stored time is not that of our write.
      if (stored === null || stored.seq !== sequence) continue;
      this.#offset = stored.time.getTime() - (before + after) / 2;
      this.#measuredAt = after;
      return;
    }
  }
}
