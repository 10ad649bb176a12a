import type { CronTimes } from "./cron.js";

export interface MaintenanceWindow {
  readonly starts: CronTimes;
  readonly forMs: number;
  /** Checks with one of these tags; null: every check. */
  readonly tags: readonly string[] | null;
}

/** Answers whether a check with these tags is in maintenance at a moment. */
export class MaintenanceClock {
  readonly #windows: readonly WindowClock[];

  constructor(windows: readonly MaintenanceWindow[]) {
    this.#windows = windows.map((window) => new WindowClock(window));
  }

  has(tags: readonly string[], moment: number): boolean {
    return this.#windows.some((clock) => (clock.window.tags?.some((tag) => tags.includes(tag)) ?? true) && clock.has(moment));
  }
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
