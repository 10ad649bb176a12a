import type { Names } from "./names.js";
import type { Requests } from "./requests.js";

/** Clocks drift apart by some ten milliseconds in this time. */
const MEASURE_EVERY_MS = 60_000;

/**
 * The server's time, for all processes the same to half a round trip: the moment the server stored a message, carried on by the
 * monotonic clock of this machine. The wall clock here is never asked.
 */
export class ServerClock {
  #offset = 0;
  #measuredAt = Number.NEGATIVE_INFINITY;
  #measuring: Promise<void> | null = null;

  constructor(
    readonly requests: Requests,
    readonly names: Names,
  ) {}

  /** Milliseconds. */
  async now(): Promise<number> {
    if (performance.now() - this.#measuredAt > MEASURE_EVERY_MS) {
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
      // Another process may have written in between: its moment tells nothing of ours.
      if (stored === null || stored.seq !== sequence) continue;
      this.#offset = stored.time.getTime() - (before + after) / 2;
      this.#measuredAt = after;
      return;
    }
  }
}
