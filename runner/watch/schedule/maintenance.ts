import type { CronTimes } from "./cron.js";

export interface MaintenanceWindow {
  readonly starts: CronTimes;
  readonly forMs: number;
  /** Checks with one of these tags; null: every check. */
  readonly tags: readonly string[] | null;
}

/** Answers for one window whether a moment lies in it. It is asked for each result, and reckons once a window. */
export class WindowClock {
  /** Between these two the answer is known. */
  #from = Number.POSITIVE_INFINITY;
  #to = Number.NEGATIVE_INFINITY;
  #isInside = false;

  constructor(readonly window: MaintenanceWindow) {}

  has(moment: number): boolean {
    if (moment < this.#from || moment >= this.#to) this.#reckon(moment);
    return this.#isInside;
  }

  /** A moment is inside if a window starts in the time before it that a window lasts. What a clock on the wall shows does not matter for the length. */
  #reckon(moment: number): void {
    const { starts, forMs } = this.window;
    const start = starts.next(moment - forMs) ?? Number.POSITIVE_INFINITY;
    this.#isInside = start <= moment;
    this.#from = this.#isInside ? start : moment;
    this.#to = this.#isInside ? start + forMs : start;
  }
}
