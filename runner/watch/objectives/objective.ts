import type { Book } from "../book.js";
import { slotLength } from "../schedule/schedule.js";
import type { WatchedCheck } from "../watch-plan.js";
import { badShare, brokenRule, type Measured, type Objective } from "./burn.js";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** Results themselves are kept for two days at least; longer windows are added up from the counts by hour. */
const MOST_BY_RESULT_MS = 6 * HOUR_MS;
/** A failing check is looked at this often. */
const LOOK_EVERY_MS = 30_000;

/** Opens an incident while a check spends its error budget too fast. Only a failure can begin it, so only failures are looked at. */
export class Objectives {
  readonly #lookedAt = new Map<string, number>();

  constructor(
    readonly book: Book,
    readonly burns: Book["burns"] = (check, reason, now) => book.burns(check, reason, now),
  ) {}

  async failed(check: WatchedCheck, now: number): Promise<void> {
    const last = this.#lookedAt.get(check.key) ?? Number.NEGATIVE_INFINITY;
    if (check.objective === null || (now >= last && now - last < LOOK_EVERY_MS)) return;
    this.#lookedAt.set(check.key, now);
    await this.burns(check, await this.reason(check, check.objective, now), now);
  }

  /** What burns is looked at until it is over. */
  async look(now: number): Promise<void> {
    for (const check of this.book.plan.checks)
      if (check.objective !== null && this.book.isBurning(check)) await this.burns(check, await this.reason(check, check.objective, now), now);
  }

  /** Why the budget does not last; null if it does. */
  async reason(check: WatchedCheck, { good, days }: Objective, now: number): Promise<string | null> {
    const broken = await brokenRule(good, (windowMs) => this.#measured(check, windowMs, now));
    if (broken === null) return null;
    const { rule, rates } = broken;
    const spent = badShare(await this.#measured(check, days * DAY_MS, now)) / (1 - good / 100);
    const [long, short] = rates.map((rate) => rate.toFixed(1));
    return `the error budget (${good} % of ${days} days) is spent ${long} times too fast over ${rule.longMs / HOUR_MS} h and ${short} times over ${rule.shortMs / 60_000} min; ${Math.round(spent * 100)} % of it is spent`;
  }

  /** The time before the first result counts as fine: without it, a failure in the first minutes would be a large share of all that is known. */
  async #measured(check: WatchedCheck, windowMs: number, now: number): Promise<Measured> {
    const { history } = this.book;
    const id = this.book.id(check.key);
    const since = now - windowMs;
    const [first, measured] = await Promise.all([
      history.ask("firstMeasured", id),
      windowMs > MOST_BY_RESULT_MS ? history.ask("measuredByHour", id, since) : history.ask("measuredResults", id, since, slotLength(since, check.schedule)),
    ]);
    return first === null ? measured : { ...measured, goodMs: measured.goodMs + Math.max(0, first - since) };
  }
}
