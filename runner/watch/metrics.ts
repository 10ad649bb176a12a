import { labels, metric, summary } from "../support/prometheus.js";
import type { Book } from "./book.js";
import type { CertificateWatch } from "./certificates/certificate-watch.js";
import type { HistoryHealth } from "./history-health.js";
import type { Watch } from "./watch.js";
import type { WatcherCounts } from "./watcher.js";

/**
 * The watch itself as numbers, and the state of each check. The first one is for an alert: it grows old when the watch does not run. `waiting` are
 * the notifications that no receiver has taken. For the public it holds names and states only.
 */
export function watchMetrics({ book, certificates, watcher, health }: Watch, waiting: number, isPublic: boolean): string {
  const own = isPublic ? [] : ofCertificates(book.plan.suite, certificates);
  const lines = [...ofWatch(book, watcher.counts, waiting), ...ofHistory(health), ...ofChecks(book), ...own];
  return lines.map((line) => `${line}\n`).join("");
}

function ofWatch(book: Book, { results, missed, running, lastSlotAt, lateness }: WatcherCounts, waiting: number): string[] {
  return [
    ...metric("probe_run_watch_last_slot_timestamp_seconds", "gauge", "When the newest slot began that was run, in Unix time", [["", lastSlotAt / 1000]]),
    ...metric(
      "probe_run_watch_results_total",
      "counter",
      "Results since the start, by outcome",
      Object.entries(results).map(([outcome, count]) => [labels({ outcome }), count]),
    ),
    ...metric("probe_run_watch_missed_total", "counter", "Slots that were not run, because the run before had not ended or it was too late", [["", missed]]),
    ...summary("probe_run_watch_start_lateness_seconds", "How late runs began after their slot did, since the start of the watch", {
      quantiles: [0.5, 0.99].map((share) => [share, (lateness.quantile(share) ?? 0) / 1e6] as const),
      sum: lateness.sum / 1e6,
      count: lateness.total,
    }),
    ...metric("probe_run_watch_running", "gauge", "Checks that run now", [["", running]]),
    ...metric("probe_run_watch_blind", "gauge", "1 while this machine seems to be offline, and failures are unknown", [["", book.isBlind ? 1 : 0]]),
    ...metric("probe_run_watch_notifications_waiting", "gauge", "Notifications that no receiver has taken yet", [["", waiting]]),
  ];
}

function ofHistory({ isWritable }: HistoryHealth): string[] {
  return metric("probe_run_watch_history_writable", "gauge", "0 while the history cannot be written, as with a full disk, and results are lost", [
    ["", Number(isWritable)],
  ]);
}

function ofChecks(book: Book): string[] {
  const { suite, checks, shown } = book.plan;
  const states = shown.map((check) => ({ name: labels({ suite, check: check.name }), state: book.state(check.key) }));
  return [
    ...metric(
      "probe_run_watch_check_up",
      "gauge",
      "1 if the newest measured result is no failure; absent before the first",
      states.filter(({ state }) => state.recent !== "").map(({ name, state }) => [name, state.recent.endsWith("F") ? 0 : 1]),
    ),
    ...metric(
      "probe_run_watch_incident_open",
      "gauge",
      "1 while an incident is open",
      states.map(({ name, state }) => [name, state.incident === null ? 0 : 1]),
    ),
    ...metric(
      "probe_run_watch_objective_burning",
      "gauge",
      "1 while the error budget of a check is spent too fast",
      checks.filter(({ objective }) => objective !== null).map((check) => [labels({ suite, check: check.name }), book.isBurning(check) ? 1 : 0]),
    ),
  ];
}

function ofCertificates(suite: string, { inUse }: CertificateWatch): string[] {
  return metric(
    "probe_run_watch_certificate_expiry_timestamp_seconds",
    "gauge",
    "When a certificate expires that a check saw last, in Unix time; it stays while its host is down",
    inUse.map(({ fingerprint, subject, not_after: end }) => [labels({ suite, fingerprint, subject }), end / 1000]),
  );
}
