import type { MetricsSnapshot } from "../../queue/metrics.js";
import { completed, percentile } from "../../queue/worker-stats.js";
import { counted } from "../../support/counted.js";
import { withThousands } from "../../support/with-thousands.js";
import { duration } from "../progress.js";

/** The live line on a terminal: as many of its parts as fit. `isAsking`: the queue has not been asked for its counts before. */
export function liveLine(
  { stats, jobs }: MetricsSnapshot,
  perSecond: number,
  { width, isAsking }: { readonly width: number; readonly isAsking: boolean },
): string {
  const waiting = jobs === null ? null : jobs.waiting + jobs.delayed;
  const left = waiting !== null && waiting > 0 && perSecond > 0 ? `${duration((waiting + stats.inFlight) / perSecond)} left` : null;
  const parts = [
    `${withThousands(completed(stats))} done`,
    `${perSecond.toFixed(perSecond < 10 ? 1 : 0)}/s`,
    ...(jobs?.isPaused ? ["paused"] : []),
    `${withThousands(stats.inFlight)} in flight`,
    ...(waiting !== null ? [`${withThousands(waiting)} waiting`] : isAsking ? [] : ["the queue does not answer"]),
    `${withThousands(stats.endings.error + stats.endings.dead)} failed`,
    ...(left === null ? [] : [left]),
    ...percentiles(stats),
  ];
  return parts.reduce((line, part) => (line.length + 2 + part.length > width ? line : `${line}  ${part}`));
}

/** The last line, on a terminal and in a pipe. */
export function summary({ stats, restarts }: Pick<MetricsSnapshot, "stats" | "restarts">, seconds: number): string {
  const { ok, warning, error, later, retried, dead, released, lost, expired } = stats.endings;
  const all = completed(stats);
  const endings = Object.entries({ ok, warning, error, delayed: later, retried, dead, released, lost, expired }).filter(([, value]) => value > 0);
  return [
    `${withThousands(all)} ${all === 1 ? "job" : "jobs"} in ${seconds.toFixed(1)} s (${(all / seconds).toFixed(all / seconds < 10 ? 1 : 0)}/s)`,
    ...(endings.length === 0 ? [] : [endings.map(([name, value]) => `${withThousands(value)} ${name}`).join(", ")]),
    ...percentiles(stats),
    ...(restarts > 0 ? [counted(restarts, "restart")] : []),
  ].join("; ");
}

function percentiles(stats: MetricsSnapshot["stats"]): string[] {
  return (
    [
      ["p50", 0.5],
      ["p99", 0.99],
    ] as const
  ).flatMap(([name, share]) => {
    const ms = percentile(stats, share);
    return ms === null ? [] : [`${name} ${ms < 10 ? ms.toFixed(1) : withThousands(Math.round(ms))} ms`];
  });
}
