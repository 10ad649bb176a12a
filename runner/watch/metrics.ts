import { labels, metric } from "../support/prometheus.js";
import type { Book } from "./book.js";
import type { CertificateWatch } from "./certificates/certificate-watch.js";
import type { WatcherCounts } from "./watcher.js";

/**
 * The watch itself as numbers, and the state of each check. The first one is for an alert: it grows old when the watch does not run. `waiting` are
 * the notifications that no receiver has taken.
 */
export function watchMetrics(book: Book, certificates: CertificateWatch, counts: WatcherCounts, waiting: number): string {
  const lines = [...ofWatch(book, counts, waiting), ...ofChecks(book), ...ofCertificates(book.plan.suite, certificates)];
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
    ...metric(
      "probe_run_watch_start_lateness_seconds",
      "gauge",
      "How late runs began after their slot did, since the start of the watch",
      [0.5, 0.99].map((share) => [labels({ quantile: String(share) }), (lateness.quantile(share) ?? 0) / 1e6]),
    ),
    ...metric("probe_run_watch_running", "gauge", "Checks that run now", [["", running]]),
    ...metric("probe_run_watch_blind", "gauge", "1 while this machine seems to be offline, and failures are unknown", [["", book.isBlind ? 1 : 0]]),
    ...metric("probe_run_watch_notifications_waiting", "gauge", "Notifications that no receiver has taken yet", [["", waiting]]),
  ];
}

function ofChecks(book: Book): string[] {
  const { suite, checks } = book.plan;
  const states = checks.map((check) => ({ name: labels({ suite, check: check.name }), state: book.state(check.key) }));
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
