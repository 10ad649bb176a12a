import type { CheckAnswer, ChecksAnswer, CheckView, IncidentsAnswer, IncidentView, ResultsAnswer } from "../../../schemas/status-api.js";
import type { IncidentRow } from "../../history/days.js";
import type { HistoryClient } from "../../history/history-client.js";
import type { HttpAnswer } from "../../net/http/serve.js";
import type { Book } from "../../watch/book.js";
import type { ReportedCheck } from "../../watch/reported-check.js";
import type { Overview } from "./overview.js";

const MOST_INCIDENTS = 200;
const USUAL_RESULTS = 100;
const MOST_RESULTS = 1000;

/** Answers of the API for one watch. `isPublic`: names and states only. */
export class StatusApi {
  constructor(
    readonly book: Book,
    readonly overview: Overview,
    readonly history: HistoryClient,
  ) {}

  checks(isPublic: boolean): ChecksAnswer {
    const { suite, shown } = this.book.plan;
    const views = shown.map((check) => checkView(this.book, check, isPublic));
    return { suite, checks: views.sort((a, b) => Number(b.incident !== null) - Number(a.incident !== null)) };
  }

  async check(check: ReportedCheck, isPublic: boolean, now: number): Promise<CheckAnswer> {
    const rows = await this.history.ask("incidentsOfCheck", this.book.id(check.key), MOST_INCIDENTS);
    const days = [...(await this.overview.days(check.key, now))];
    return { suite: this.book.plan.suite, check: checkView(this.book, check, isPublic), days, incidents: rows.map((row) => incidentView(row, isPublic)) };
  }

  async incidents(isPublic: boolean): Promise<IncidentsAnswer> {
    const { suite } = this.book.plan;
    const rows = await this.history.ask("recentIncidents", suite, MOST_INCIDENTS);
    return { suite, incidents: rows.map((row) => incidentView(row, isPublic)) };
  }

  /** Of the check that the query names; with `before` and `limit`. */
  async results(query: URLSearchParams, isPublic: boolean): Promise<ResultsAnswer | HttpAnswer> {
    const key = query.get("check") ?? "";
    if (!this.book.plan.shown.some((check) => check.key === key)) return { status: 404, text: "the parameter check is not the key of a check\n" };
    const before = query.has("before") ? Date.parse(query.get("before") as string) : Number.MAX_SAFE_INTEGER;
    if (Number.isNaN(before)) return { status: 400, text: "before is not a time such as 2026-11-29T09:00:00Z\n" };
    const limit = query.get("limit") ?? String(USUAL_RESULTS);
    if (!/^\d{1,4}$/.test(limit) || Number(limit) < 1 || Number(limit) > MOST_RESULTS) return { status: 400, text: `limit is 1 to ${MOST_RESULTS}\n` };
    const rows = await this.history.ask("resultsBefore", this.book.id(key), before, Number(limit));
    const results = rows.map(({ at, outcome, durationMs }) => ({ time: new Date(at).toISOString(), outcome, duration_ms: isPublic ? null : durationMs }));
    return { key, results };
  }
}

export function checkView(book: Book, { key, name, planned }: ReportedCheck, isPublic: boolean): CheckView {
  const { outcome, last_at, incident } = book.state(key);
  return {
    key,
    name,
    target: isPublic ? null : planned.target,
    probe: isPublic ? null : planned.check.probe,
    outcome,
    last_time: last_at === null ? null : new Date(last_at).toISOString(),
    reason: isPublic ? null : book.reason(key),
    incident:
      incident === null ? null : { number: incident.number, opened_time: new Date(incident.opened_at).toISOString(), is_flapping: incident.is_flapping },
  };
}

function incidentView({ key, name, number, opened_at, closed_at, is_flapping, reason }: IncidentRow, isPublic: boolean): IncidentView {
  return {
    key,
    check: name,
    number,
    opened_time: new Date(opened_at).toISOString(),
    closed_time: closed_at === null ? null : new Date(closed_at).toISOString(),
    is_flapping: is_flapping !== 0,
    reason: isPublic ? null : reason,
  };
}
