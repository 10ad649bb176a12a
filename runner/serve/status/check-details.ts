import type { HistoryClient } from "../../history/history-client.js";
import { LogHistogram } from "../../history/log-histogram.js";
import { decoded } from "../../history/operation-times.js";
import { type CheckStatus, checkPage, type DurationSpan } from "../../report/check-page.js";
import { summarise } from "../../report/summarise.js";
import { numbered } from "../../report/waterfall.js";
import type { Book } from "../../watch/book.js";
import type { ReportedCheck } from "../../watch/reported-check.js";
import { incidentFrom } from "./incident-from.js";
import type { Overview } from "./overview.js";
import type { RecentRuns } from "./recent-runs.js";

const MOST_INCIDENTS = 50;
const DAY_MS = 86_400_000;
const SPANS: readonly (readonly [name: string, lengthMs: number])[] = [
  ["24 hours", DAY_MS],
  ["30 days", 30 * DAY_MS],
  ["90 days", 90 * DAY_MS],
];
const OPERATION_SPANS = SPANS.filter(([, lengthMs]) => lengthMs !== 30 * DAY_MS);

export interface CheckSources {
  readonly book: Book;
  readonly overview: Overview;
  readonly history: HistoryClient;
  readonly runs: RecentRuns;
}

/** The page of one check. `overview` is the address of the overview, relative to it. */
export async function checkPageOf(check: ReportedCheck, sources: CheckSources, isPublic: boolean, now: number, overview: string): Promise<string> {
  const { book, history } = sources;
  const incidents = await history.ask("incidentsOfCheck", book.id(check.key), MOST_INCIDENTS);
  const { outcome, last_at } = book.state(check.key);
  return checkPage({
    name: check.name,
    suite: book.plan.suite,
    now,
    outcome,
    lastAt: last_at,
    days: await sources.overview.days(check.key, now),
    incidents: incidents.map((row) => incidentFrom(row, isPublic)),
    details: isPublic ? null : await detailsOf(check, sources, now),
    overview,
  });
}

async function detailsOf({ key, planned }: ReportedCheck, { book, history, runs }: CheckSources, now: number): Promise<CheckStatus["details"]> {
  const kept = runs.of(key);
  const { last = null, samples = [] } = kept ?? {};
  const steps = last?.operations.map(({ name, at_ms: atMs, duration_ms: durationMs }) => ({ name, atMs, durationMs })) ?? [];
  const spans = await Promise.all(
    SPANS.map(async ([name, lengthMs]) => spanOf(name, LogHistogram.decode(await history.ask("durationsSince", book.id(key), now - lengthMs)))),
  );
  const operations = OPERATION_SPANS.map(async ([name, lengthMs]) => {
    const histograms = decoded(await history.ask("operationsSince", book.id(key), now - lengthMs));
    return { name, rows: [...histograms].flatMap(([operation, durations]) => spanOf(operation, durations)) };
  });
  return {
    probe: planned.check.probe,
    target: planned.target,
    reason: book.reason(key),
    last: last === null ? null : { at: last.at, durationMs: last.durationMs, steps: numbered(steps), envelope: last.envelope },
    typical: summarise(samples),
    operations: await Promise.all(operations),
    spans: spans.flat(),
    failure: await history.ask("newestEvidence", book.id(key)),
  };
}

function spanOf(name: string, durations: LogHistogram): DurationSpan[] {
  const [p50, p90, p99] = [0.5, 0.9, 0.99].map((share) => (durations.quantile(share) ?? 0) / 1000) as [number, number, number];
  return durations.total === 0 ? [] : [{ name, count: durations.total, p50, p90, p99 }];
}
