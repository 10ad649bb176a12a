import { DAY_MS, dayCounts, recentIncidents } from "../../history/days.js";
import type { History } from "../../history/history.js";
import type { Day } from "../../report/day-bars.js";
import type { StatusCheck } from "../../report/status-page.js";
import { type Status, statusPage } from "../../report/status-page.js";
import type { Book } from "../../watch/book.js";
import type { WatchedCheck } from "../../watch/watch-plan.js";
import { incidentFrom } from "./incident-from.js";

const DAYS = 90;
const MOST_INCIDENTS = 50;
const CHECKS_A_PAGE = 200;
/** The days are counted again at this interval: it takes longer than the rest of the page. */
const COUNT_EVERY_MS = 30_000;
const NO_DAYS: readonly null[] = Array.from({ length: DAYS }, () => null);

export interface OverviewOptions {
  /** Names and states only. */
  readonly isPublic: boolean;
  /** The first is 1; one that is not there is the nearest that is. Null: all checks on one page. */
  readonly page: number | null;
  readonly links: Status["links"];
  /** Added to the links of other pages. */
  readonly query: string;
  hrefOf(key: string): string;
}

/** Makes the overview of a watch. */
export class Overview {
  #days = new Map<string, (Day | null)[]>();
  #countedAt = Number.NEGATIVE_INFINITY;

  constructor(
    readonly book: Book,
    readonly history: History,
  ) {}

  page(now: number, options: OverviewOptions): string {
    const { suite, checks: all } = this.book.plan;
    this.#countIfOld(now);
    const pages = options.page === null ? 1 : Math.max(1, Math.ceil(all.length / CHECKS_A_PAGE));
    const page = Math.min(pages, Math.max(1, options.page ?? 1));
    const checks = options.page === null ? all : all.slice((page - 1) * CHECKS_A_PAGE, page * CHECKS_A_PAGE);
    const states = all.map((check) => ({ check, ...this.book.state(check.key) }));
    return statusPage({
      title: suite,
      now,
      checks: checks.map((check) => this.#check(check, options)),
      wrong: states.filter(({ incident }) => incident !== null).map(({ check }) => this.#check(check, options)),
      unmeasured: states.filter(({ outcome }) => ["unknown", "suppressed", "maintenance"].includes(outcome)).length,
      total: all.length,
      incidents: recentIncidents(this.history.driver, suite, MOST_INCIDENTS).map((row) => incidentFrom(row, options.isPublic)),
      paging: { page, pages, query: options.query },
      links: options.links,
    });
  }

  /** The last 90 days of a check, the oldest first. */
  days(key: string, now: number): readonly (Day | null)[] {
    this.#countIfOld(now);
    return this.#days.get(key) ?? NO_DAYS;
  }

  #check({ key, name, planned }: WatchedCheck, { isPublic, hrefOf }: OverviewOptions): StatusCheck {
    const { outcome, incident } = this.book.state(key);
    return {
      name,
      href: hrefOf(key),
      outcome,
      reason: isPublic ? null : this.book.reason(key),
      incident: incident === null ? null : { openedAt: incident.opened_at, isFlapping: incident.is_flapping },
      days: this.#days.get(key) ?? NO_DAYS,
      group: isPublic ? null : planned.target,
    };
  }

  #countIfOld(now: number): void {
    if (now - this.#countedAt < COUNT_EVERY_MS && now >= this.#countedAt) return;
    const today = Math.floor(now / DAY_MS) * DAY_MS;
    const first = today - (DAYS - 1) * DAY_MS;
    const days = new Map<string, (Day | null)[]>();
    for (const { key, day, fine, failed, unmeasured } of dayCounts(this.history.driver, this.book.plan.suite, first)) {
      const own = days.get(key) ?? [...NO_DAYS];
      const index = Math.round((day - first) / DAY_MS);
      if (index >= 0 && index < DAYS) own[index] = { fine, failed, unmeasured };
      days.set(key, own);
    }
    this.#days = days;
    this.#countedAt = now;
  }
}
