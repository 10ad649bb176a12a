import { EXIT } from "./exit-codes.js";
import type { Io } from "./io.js";

/** Often enough to look alive, rarely enough to cost nothing. */
const EVERY_MS = 100;
const CLEAR_LINE = "\r\u001b[K";

/** A progress line on a terminal's stderr while many runs are in progress. Nothing in a pipe. */
export class Progress {
  readonly #began = performance.now();
  #done = 0;
  #failed = 0;
  #shownAt = Number.NEGATIVE_INFINITY;

  constructor(
    readonly io: Io,
    /** Null for a list that is still read. */
    readonly total: number | null,
  ) {}

  ran(code: number): void {
    this.#done += 1;
    if (code !== EXIT.ok) this.#failed += 1;
    const now = performance.now();
    if (!this.io.stderr.isTty || now - this.#shownAt < EVERY_MS) return;
    this.#shownAt = now;
    this.io.err(`${CLEAR_LINE}${progressLine({ done: this.#done, total: this.total, failed: this.#failed, elapsedMs: now - this.#began })}`);
  }

  /** Clears the line, since stdout may be the same terminal. */
  clear(): void {
    if (this.#shownAt < 0) return;
    this.io.err(CLEAR_LINE);
    this.#shownAt = Number.NEGATIVE_INFINITY;
  }
}

function progressLine({ done, total, failed, elapsedMs }: { done: number; total: number | null; failed: number; elapsedMs: number }): string {
  const perSecond = elapsedMs > 0 ? (done / elapsedMs) * 1000 : 0;
  const left = total !== null && perSecond > 0 ? `, ${duration((total - done) / perSecond)} left` : "";
  return `${total === null ? done : `${done}/${total}`}  ${failed} failed  ${perSecond.toFixed(perSecond < 10 ? 1 : 0)}/s${left}`;
}

export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
