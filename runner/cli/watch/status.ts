import { DAY_MS, dayCounts, recentIncidents } from "../../history/days.js";
import type { History } from "../../history/history.js";
import type { Day } from "../../report/day-bars.js";
import { type Status, type StatusCheck, statusPage } from "../../report/status-page.js";
import type { Book } from "../../watch/book.js";

const DAYS = 90;
const MOST_INCIDENTS = 50;
/** The days are counted again at this interval: it takes longer than the rest of the page. */
const COUNT_EVERY_MS = 30_000;

/** Makes the status page of a watch. A public one shows names and states only. */
export class StatusPages {
  #days = new Map<string, (Day | null)[]>();
  #countedAt = Number.NEGATIVE_INFINITY;

  constructor(
    readonly book: Book,
    readonly history: History,
    readonly isPublic: boolean,
  ) {}

  page(now: number): string {
    return statusPage(this.#status(now));
  }

  #status(now: number): Status {
    if (now - this.#countedAt >= COUNT_EVERY_MS || now < this.#countedAt) this.#count(now);
    const { suite, checks } = this.book.plan;
    const incidents = recentIncidents(this.history.driver, suite, MOST_INCIDENTS);
    return {
      title: suite,
      now,
      checks: checks.map((check) => this.#check(check)),
      incidents: incidents.map(({ name, opened_at, closed_at, is_flapping, reason }) => ({
        name,
        openedAt: opened_at,
        closedAt: closed_at,
        isFlapping: is_flapping !== 0,
        reason: this.isPublic ? null : reason,
      })),
    };
  }

  #check({ key, name }: { readonly key: string; readonly name: string }): StatusCheck {
    const { outcome, incident } = this.book.state(key);
    return {
      name,
      outcome,
      reason: this.isPublic ? null : this.book.reason(key),
      incident: incident === null ? null : { openedAt: incident.opened_at, isFlapping: incident.is_flapping },
      days: this.#days.get(key) ?? Array.from({ length: DAYS }, () => null),
    };
  }

  #count(now: number): void {
    const today = Math.floor(now / DAY_MS) * DAY_MS;
    const first = today - (DAYS - 1) * DAY_MS;
    const days = new Map<string, (Day | null)[]>();
    for (const { key, day, fine, failed, unmeasured } of dayCounts(this.history.driver, this.book.plan.suite, first)) {
      const own = days.get(key) ?? Array.from({ length: DAYS }, () => null);
      const index = Math.round((day - first) / DAY_MS);
      if (index >= 0 && index < DAYS) own[index] = { fine, failed, unmeasured };
      days.set(key, own);
    }
    this.#days = days;
    this.#countedAt = now;
  }
}
