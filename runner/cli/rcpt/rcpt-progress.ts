import type { RcptVerdict } from "../../../schemas/rcpt.js";
import { counted } from "../../support/counted.js";
import type { Io } from "../io.js";
import { duration } from "../progress.js";

const EVERY_MS = 200;
const CLEAR_LINE = "\r\u001b[K";

/** A progress line on a terminal while a list is checked, and a final line. */
export class RcptProgress {
  readonly #counts: Record<RcptVerdict, number> = { valid: 0, risky: 0, invalid: 0, unknown: 0 };
  readonly #began = performance.now();
  #done = 0;
  #shownAt = Number.NEGATIVE_INFINITY;

  constructor(
    readonly io: Io,
    readonly total: number,
    readonly before: number,
  ) {}

  add(verdict: RcptVerdict): void {
    this.#counts[verdict] += 1;
    this.#done += 1;
    const now = performance.now();
    if (!this.io.stderr.isTty || now - this.#shownAt < EVERY_MS) return;
    this.#shownAt = now;
    this.io.err(`${CLEAR_LINE}${this.#line(now)}`);
  }

  /** Clears the line, since stdout may be the same terminal. */
  clear(): void {
    if (!this.io.stdout.isTty || this.#shownAt < 0) return;
    this.io.err(CLEAR_LINE);
    this.#shownAt = Number.NEGATIVE_INFINITY;
  }

  end(): void {
    const seconds = (performance.now() - this.#began) / 1000;
    const before = this.before > 0 ? `, ${this.before} were there already` : "";
    this.io.err(
      `${this.io.stderr.isTty ? CLEAR_LINE : ""}${counted(this.#done, "address", "addresses")} in ${seconds.toFixed(1)} s: ${this.#verdicts()}${before}\n`,
    );
  }

  #line(now: number): string {
    const perSecond = (this.#done / (now - this.#began)) * 1000;
    const left = this.total - this.before - this.#done;
    return `${this.before + this.#done}/${this.total}  ${this.#verdicts()}  ${perSecond.toFixed(1)}/s, ${duration(left / perSecond)} left`;
  }

  #verdicts(): string {
    return Object.entries(this.#counts)
      .map(([verdict, count]) => `${count} ${verdict}`)
      .join(", ");
  }
}
