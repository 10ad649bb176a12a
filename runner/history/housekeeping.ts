import { rollUpDays } from "./daily.js";
import type { History } from "./history.js";
import { deleteOld, type Keeping } from "./retention.js";
import { rollUp } from "./rollup.js";

const EVERY_MS = 30_000;
const BETWEEN_SLICES_MS = 50;

/** Rolls up hours and days that are over and deletes what is old, slice by slice: results come between two slices. */
export class Housekeeping {
  readonly #timer: NodeJS.Timeout;
  #soon: NodeJS.Timeout | null = null;
  /** The same trouble is reported once. */
  #isFailing = false;
  #keep: Keeping | null = null;

  constructor(
    readonly history: History,
    readonly onTrouble: (message: string) => void,
  ) {
    this.#timer = setInterval(() => this.#step(), EVERY_MS);
    this.#timer.unref();
  }

  /** How long each kind is kept from now on. */
  keep(keeping: Keeping): void {
    this.#keep = keeping;
  }

  end(): void {
    clearInterval(this.#timer);
    if (this.#soon !== null) clearTimeout(this.#soon);
  }

  /** What cannot be done now is done half a minute later: a disk that is full must not end the watch. */
  #step(): void {
    if (this.#soon !== null) clearTimeout(this.#soon);
    this.#soon = null;
    const { driver, times } = this.history;
    try {
      const now = Date.now();
      // In this order: a day is the sum of its hours.
      const isMoreToRollUp = times.store(driver, now) || rollUp(driver, now) || rollUpDays(driver, now);
      const isMoreToDelete = this.#keep !== null && deleteOld(driver, this.#keep, Date.now());
      if (isMoreToRollUp || isMoreToDelete) this.#soon = setTimeout(() => this.#step(), BETWEEN_SLICES_MS).unref();
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) this.onTrouble(`the history cannot be kept in order: ${(error as Error).message}`);
      this.#isFailing = true;
    }
  }
}
