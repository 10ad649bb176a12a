import { histogram, metric } from "../support/prometheus.js";
import type { Counts } from "./backend.js";
import { DURATION_BOUNDS, ENDINGS, type WorkerStats } from "./worker-stats.js";

/** The state of a worker at one moment. */
export interface MetricsSnapshot {
  readonly stats: WorkerStats;
  readonly processes: number;
  /** How often a process died and was replaced. */
  readonly restarts: number;
  /** Null if the store does not answer. */
  readonly jobs: Counts | null;
}

/** In the text format of Prometheus. */
export function metricsText({ stats, processes, restarts, jobs }: MetricsSnapshot): string {
  return [
    ...metric(
      "probe_run_jobs_total",
      "counter",
      "Processed jobs, by how they ended.",
      ENDINGS.map((ending) => [`{ending="${ending}"}`, stats.endings[ending]]),
    ),
    ...metric("probe_run_jobs_in_flight", "gauge", "Jobs that are running.", [["", stats.inFlight]]),
    ...histogram("probe_run_job_duration_seconds", "From the claim of a job to its stored end.", {
      bounds: DURATION_BOUNDS,
      buckets: stats.buckets,
      sum: stats.durationSeconds,
    }),
    ...metric("probe_run_worker_processes", "gauge", "Worker processes.", [["", processes]]),
    ...metric("probe_run_worker_restarts_total", "counter", "Processes that died and were restarted.", [["", restarts]]),
    ...metric("probe_run_queue_up", "gauge", "1 if the queue's store answers.", [["", jobs === null ? 0 : 1]]),
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
