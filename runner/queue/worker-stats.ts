/** Bounds of the duration histogram, in seconds: from a local answer to the longest deadline of a run. */
export const DURATION_BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] as const;
const UPPER_BOUNDS: readonly number[] = [...DURATION_BOUNDS, Number.POSITIVE_INFINITY];

export const ENDINGS = ["ok", "warning", "error", "later", "retried", "dead", "released", "lost", "expired"] as const;

/** ok, warning, error: the result's status. later: an interim result, and the job continues. The others have no result; expired: it had not begun in time. */
export type Ending = (typeof ENDINGS)[number];

/** The counters of a worker, as plain numbers, so that those of several processes can be added up. */
export interface WorkerStats {
  readonly endings: Record<Ending, number>;
  /** The number of durations at or below each bound; the last one counts all. */
  readonly buckets: number[];
  /** The number of durations in each of many small steps, for percentiles. */
  readonly steps: number[];
  durationSeconds: number;
  inFlight: number;
}

/** Each step is six per cent wider than the previous one: from 0.05 ms to two minutes. */
const FIRST_STEP_MS = 0.05;
const STEP_FACTOR = 1.06;
const STEPS = 256;

export function emptyStats(): WorkerStats {
  const endings = Object.fromEntries(ENDINGS.map((ending) => [ending, 0])) as Record<Ending, number>;
  return { endings, buckets: [...DURATION_BOUNDS.map(() => 0), 0], steps: new Array<number>(STEPS).fill(0), durationSeconds: 0, inFlight: 0 };
}

export function recordEnding(stats: WorkerStats, ending: Ending, durationMs: number): void {
  const seconds = durationMs / 1000;
  stats.endings[ending] += 1;
  stats.durationSeconds += seconds;
  for (let index = UPPER_BOUNDS.length - 1; index >= 0 && seconds <= (UPPER_BOUNDS[index] as number); index--) increment(stats.buckets, index);
  const step = Math.ceil(Math.log(durationMs / FIRST_STEP_MS) / Math.log(STEP_FACTOR));
  increment(stats.steps, Math.min(STEPS - 1, Math.max(0, step)));
}

function increment(counts: number[], index: number): void {
  counts[index] = (counts[index] as number) + 1;
}

export function sumStats(workers: readonly WorkerStats[]): WorkerStats {
  const all = emptyStats();
  for (const stats of workers) {
    for (const ending of ENDINGS) all.endings[ending] += stats.endings[ending];
    for (const [index, value] of stats.buckets.entries()) all.buckets[index] = (all.buckets[index] as number) + value;
    for (const [index, value] of stats.steps.entries()) all.steps[index] = (all.steps[index] as number) + value;
    all.durationSeconds += stats.durationSeconds;
    all.inFlight += stats.inFlight;
  }
  return all;
}

/** Jobs whose result is stored. */
export function completed({ endings }: WorkerStats): number {
  return endings.ok + endings.warning + endings.error;
}

/** The percentile of the durations in milliseconds, accurate to six per cent; null before the first job. */
export function percentile({ steps, buckets }: WorkerStats, share: number): number | null {
  const all = buckets.at(-1) as number;
  let seen = 0;
  for (const [step, value] of steps.entries()) {
    seen += value;
    if (all > 0 && seen >= all * share) return FIRST_STEP_MS * STEP_FACTOR ** step;
  }
  return null;
}
