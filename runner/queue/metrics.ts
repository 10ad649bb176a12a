import { histogram, metric } from "../support/prometheus.js";
import type { Counts } from "./backend.js";
import { DURATION_BOUNDS, ENDINGS, type Tally } from "./worker-stats.js";

/** What there is to tell of a worker just now. */
export interface Observed {
  readonly tally: Tally;
  readonly processes: number;
  /** How often a process died and was started again. */
  readonly restarts: number;
  /** Null when the store does not answer. */
  readonly jobs: Counts | null;
}

/** As Prometheus reads it. */
export function metricsText({ tally, processes, restarts, jobs }: Observed): string {
  return [
    ...metric(
      "probe_run_jobs_total",
      "counter",
      "Jobs taken, by what came of them.",
      ENDINGS.map((ending) => [`{ending="${ending}"}`, tally.endings[ending]]),
    ),
    ...metric("probe_run_jobs_in_flight", "gauge", "Jobs that are being worked on.", [["", tally.inFlight]]),
    ...histogram("probe_run_job_duration_seconds", "From the claim of a job to the end that is stored.", {
      bounds: DURATION_BOUNDS,
      buckets: tally.buckets,
      sum: tally.durationSeconds,
    }),
    ...metric("probe_run_worker_processes", "gauge", "Processes that work.", [["", processes]]),
    ...metric("probe_run_worker_restarts_total", "counter", "Processes that died and were started again.", [["", restarts]]),
    ...metric("probe_run_queue_up", "gauge", "1 when the queue's store answers.", [["", jobs === null ? 0 : 1]]),
    ...(jobs === null ? [] : queueMetrics(jobs)),
    "",
  ].join("\n");
}

function queueMetrics({ waiting, delayed, leased, dead, done, isPaused }: Counts): string[] {
  const states = Object.entries({ waiting, delayed, leased, dead, done });
  return [
    ...metric(
      "probe_run_queue_jobs",
      "gauge",
      "Jobs in the queue, by state.",
      states.map(([state, value]) => [`{state="${state}"}`, value]),
    ),
    ...metric("probe_run_queue_paused", "gauge", "1 while the queue is paused.", [["", isPaused ? 1 : 0]]),
  ];
}
