/** Timers of the system wake us up to a millisecond late or early: from here on the clock is watched. */
const WATCH_FROM_MS = 2;

interface Due {
  readonly since: number;
  readonly act: (now: number) => void;
}

/**
 * Calls back after the same delay each time, to within some microseconds, and says what the time is.
 * In its last stretch it watches the clock between two turns of the event loop, so that arrivals are still taken in time.
 */
export class ExactDelay {
  readonly #due: Due[] = [];
  #next = 0;
  #running = false;

  constructor(
    readonly milliseconds: number,
    /** 0: late by up to a millisecond, and it leaves the processor to others. */
    readonly watchFromMs = WATCH_FROM_MS,
  ) {}

  /** Counts from `since`, a reading of performance.now(). Must be called in the order of `since`. */
  after(since: number, act: (now: number) => void): void {
    this.#due.push({ since, act });
    if (this.#running) return;
    this.#running = true;
    this.#waitForNext();
  }

  #waitForNext(): void {
    const first = this.#due[this.#next];
    if (first === undefined) {
      this.#due.length = 0;
      this.#next = 0;
      this.#running = false;
      return;
    }
    const left = first.since + this.milliseconds - performance.now();
    if (left > this.watchFromMs) setTimeout(() => this.#watch(), left - this.watchFromMs);
    else setImmediate(() => this.#watch());
  }

  #watch(): void {
    for (let first = this.#due[this.#next]; first !== undefined; first = this.#due[this.#next]) {
      const now = performance.now();
      if (now - first.since < this.milliseconds) break;
      this.#next += 1;
      first.act(now);
    }
    this.#waitForNext();
  }
}
