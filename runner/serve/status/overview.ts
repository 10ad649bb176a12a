import { DAY_MS } from "../../history/daily.js";
import type { HistoryClient } from "../../history/history-client.js";
import type { Day } from "../../report/day-bars.js";
import type { StatusCheck } from "../../report/status-page.js";
import { type Status, statusPage } from "../../report/status-page.js";
import type { Book } from "../../watch/book.js";
import type { ReportedCheck } from "../../watch/reported-check.js";
import { incidentFrom } from "./incident-from.js";

const DAYS = 90;
const MOST_INCIDENTS = 50;
const CHECKS_A_PAGE = 200;
/** The days of a check are counted again at this interval: it takes longer than the rest of the page. */
const COUNT_EVERY_MS = 30_000;
const NO_DAYS: readonly null[] = Array.from({ length: DAYS }, () => null);

interface Counted {
  readonly at: number;
  readonly days: readonly (Day | null)[];
}

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
  readonly #days = new Map<string, Counted>();

  constructor(
    readonly book: Book,
    readonly history: HistoryClient,
  ) {}

  async page(now: number, options: OverviewOptions): Promise<string> {
    const { suite, shown: all } = this.book.plan;
    const pages = options.page === null ? 1 : Math.max(1, Math.ceil(all.length / CHECKS_A_PAGE));
    const page = Math.min(pages, Math.max(1, options.page ?? 1));
    const checks = options.page === null ? all : all.slice((page - 1) * CHECKS_A_PAGE, page * CHECKS_A_PAGE);
    const states = all.map((check) => ({ check, ...this.book.state(check.key) }));
    const wrong = states.filter(({ incident }) => incident !== null).map(({ check }) => check);
    await this.#count([...checks, ...wrong], now);
    const incidents = await this.history.ask("recentIncidents", suite, MOST_INCIDENTS);
    return statusPage({
      title: suite,
      now,
      checks: checks.map((check) => this.#check(check, options)),
      wrong: wrong.map((check) => this.#check(check, options)),
      unmeasured: states.filter(({ outcome }) => ["unknown", "suppressed", "maintenance"].includes(outcome)).length,
      total: all.length,
      incidents: incidents.map((row) => incidentFrom(row, options.isPublic)),
      paging: { page, pages, query: options.query },
      links: options.links,
    });
  }

  /** The last 90 days of a check, the oldest first. */
  async days(key: string, now: number): Promise<readonly (Day | null)[]> {
    await this.#count([{ key }], now);
    return this.#days.get(key)?.days ?? NO_DAYS;
  }

  #check({ key, name, planned }: ReportedCheck, { isPublic, hrefOf }: OverviewOptions): StatusCheck {
    const { outcome, incident } = this.book.state(key);
    return {
      name,
      href: hrefOf(key),
      outcome,
      reason: isPublic ? null : this.book.reason(key),
      incident: incident === null ? null : { openedAt: incident.opened_at, isFlapping: incident.is_flapping },
      days: this.#days.get(key)?.days ?? NO_DAYS,
      group: isPublic ? null : planned.target,
    };
  }

  /** Counts the days of these checks, unless that was done lately. */
  async #count(checks: readonly { readonly key: string }[], now: number): Promise<void> {
    const isOld = (at: number): boolean => now < at || now - at >= COUNT_EVERY_MS;
    const old = new Map(checks.filter(({ key }) => isOld(this.#days.get(key)?.at ?? Number.NEGATIVE_INFINITY)).map(({ key }) => [this.book.id(key), key]));
    if (old.size === 0) return;
    const first = Math.floor(now / DAY_MS) * DAY_MS - (DAYS - 1) * DAY_MS;
    const counted = new Map([...old.keys()].map((id) => [id, [...NO_DAYS] as (Day | null)[]]));
    for (const { check, day, fine, failed, unmeasured } of await this.history.ask("dayCounts", [...old.keys()], first)) {
      const index = Math.round((day - first) / DAY_MS);
      const days = counted.get(check);
      if (days !== undefined && index < DAYS) days[index] = { fine, failed, unmeasured };
    }
    for (const [id, days] of counted) this.#days.set(old.get(id) as string, { at: now, days });
  }
}
