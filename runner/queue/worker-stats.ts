/** Bounds of the duration histogram, in seconds: from a local answer to a run's longest deadline. */
export const DURATION_BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] as const;

export const ENDINGS = ["ok", "warning", "error", "later", "retried", "dead", "released", "lost"] as const;

/** ok, warning, error: the result's status. later: it left an interim result, and goes on. The others left no result. */
export type Ending = (typeof ENDINGS)[number];

/** What a worker has done so far, as plain numbers: those of several processes can be added up. */
export interface Tally {
  readonly endings: Record<Ending, number>;
  /** How many durations lie at or below each bound; the last counts all. */
  readonly buckets: number[];
  /** How many lie in each of many small steps, for percentiles. */
  readonly steps: number[];
  durationSeconds: number;
  inFlight: number;
}

/** Each step is six per cent wider than the one before: from 0.05 ms to two minutes. */
const FIRST_STEP_MS = 0.05;
const STEP_FACTOR = 1.06;
const STEPS = 256;

export function newTally(): Tally {
  const endings = Object.fromEntries(ENDINGS.map((ending) => [ending, 0])) as Record<Ending, number>;
  return { endings, buckets: [...DURATION_BOUNDS.map(() => 0), 0], steps: new Array<number>(STEPS).fill(0), durationSeconds: 0, inFlight: 0 };
}

export function count(tally: Tally, ending: Ending, durationMs: number): void {
  const seconds = durationMs / 1000;
  tally.endings[ending] += 1;
  tally.durationSeconds += seconds;
  for (const [index, bound] of [...DURATION_BOUNDS, Number.POSITIVE_INFINITY].entries()) if (seconds <= bound) increment(tally.buckets, index);
  const step = Math.ceil(Math.log(durationMs / FIRST_STEP_MS) / Math.log(STEP_FACTOR));
  increment(tally.steps, Math.min(STEPS - 1, Math.max(0, step)));
}

function increment(counts: number[], index: number): void {
  counts[index] = (counts[index] as number) + 1;
}

export function sum(tallies: readonly Tally[]): Tally {
  const all = newTally();
  for (const tally of tallies) {
    for (const ending of ENDINGS) all.endings[ending] += tally.endings[ending];
    for (const [index, value] of tally.buckets.entries()) all.buckets[index] = (all.buckets[index] as number) + value;
    for (const [index, value] of tally.steps.entries()) all.steps[index] = (all.steps[index] as number) + value;
    all.durationSeconds += tally.durationSeconds;
    all.inFlight += tally.inFlight;
  }
  return all;
}

/** Jobs whose result is stored. */
export function completed({ endings }: Tally): number {
  return endings.ok + endings.warning + endings.error;
}

/** The duration that this share of jobs did not exceed, in milliseconds and to six per cent; null before the first. */
export function percentile({ steps, buckets }: Tally, share: number): number | null {
  const all = buckets.at(-1) as number;
  let seen = 0;
  for (const [step, value] of steps.entries()) {
    seen += value;
    if (all > 0 && seen >= all * share) return FIRST_STEP_MS * STEP_FACTOR ** step;
  }
  return null;
}
