import type { Observed } from "../../queue/metrics.js";
import { completed, percentile } from "../../queue/worker-stats.js";
import { withThousands } from "../../support/with-thousands.js";
import { duration } from "../progress.js";

/** What a person sees while a worker works. */
export function liveLine({ tally, jobs }: Observed, perSecond: number): string {
  const waiting = jobs === null ? null : jobs.waiting + jobs.delayed;
  const left = waiting !== null && waiting > 0 && perSecond > 0 ? `${duration((waiting + tally.inFlight) / perSecond)} left` : null;
  return [
    `${withThousands(completed(tally))} done`,
    `${perSecond.toFixed(perSecond < 10 ? 1 : 0)}/s`,
    `${withThousands(tally.inFlight)} in flight`,
    waiting === null ? "the queue does not answer" : `${withThousands(waiting)} waiting`,
    `${withThousands(tally.endings.error + tally.endings.dead)} failed`,
    ...percentiles(tally),
    ...(jobs?.isPaused ? ["paused"] : []),
    ...(left === null ? [] : [left]),
  ].join("  ");
}

/** The last word, on a terminal and in a pipe. */
export function summary({ tally, restarts }: Pick<Observed, "tally" | "restarts">, seconds: number): string {
  const { ok, warning, error, later, retried, dead, released, lost } = tally.endings;
  const all = completed(tally);
  const endings = Object.entries({ ok, warning, error, "put off": later, retried, dead, "given back": released, lost }).filter(([, value]) => value > 0);
  return [
    `${withThousands(all)} jobs in ${seconds.toFixed(1)} s (${(all / seconds).toFixed(all / seconds < 10 ? 1 : 0)}/s)`,
    ...(endings.length === 0 ? [] : [endings.map(([name, value]) => `${withThousands(value)} ${name}`).join(", ")]),
    ...percentiles(tally),
    ...(restarts > 0 ? [`${restarts} restarts`] : []),
  ].join("; ");
}

function percentiles(tally: Observed["tally"]): string[] {
  return (
    [
      ["p50", 0.5],
      ["p99", 0.99],
    ] as const
  ).flatMap(([name, share]) => {
    const ms = percentile(tally, share);
    return ms === null ? [] : [`${name} ${ms < 10 ? ms.toFixed(1) : withThousands(Math.round(ms))} ms`];
  });
}
