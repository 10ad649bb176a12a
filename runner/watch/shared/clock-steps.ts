/** Clocks of machines differ by less than this. */
const STEP_MS = 2000;
const LOOK_EVERY_MS = 1000;

/** Notices that slots which have ended are in the future of this machine: its clock was set back, or that of another watch is ahead. */
export class ClockSteps {
  /** A watch that begins, or whose clock was set back, knows that at once. */
  #isSure = true;
  #newest = -1;
  /** By the monotonic clock, as lookedAt. */
  #newestSince = 0;
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(
    /** After so long without a newer slot, no other watch is ahead any more. */
    readonly waitMs: number,
  ) {}

  setBack(): void {
    this.#isSure = true;
  }

  /** True: nothing that is reported now would count. `newestAt` is the newest slot that has ended. */
  isBehind(newestAt: () => number, now: number): boolean {
    const time = performance.now();
    if (!this.#isSure && time - this.#lookedAt < LOOK_EVERY_MS) return false;
    this.#lookedAt = time;
    const newest = newestAt();
    if (newest !== this.#newest) this.#newestSince = time;
    this.#newest = newest;
    const isSure = this.#isSure || time - this.#newestSince >= this.waitMs;
    this.#isSure = false;
    return newest > now + STEP_MS && isSure;
  }
}
