/** Bounds of the duration histogram, in seconds: from a local answer to a run's longest deadline. */
export const DURATION_BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] as const;

/** How many durations the percentiles look back on. */
const REMEMBERED = 4096;

export type Ending = "ok" | "warning" | "error" | "retried" | "dead" | "released" | "lost";

/** What a worker has done so far. */
export class WorkerStats {
  readonly began = performance.now();
  readonly endings: Record<Ending, number> = { ok: 0, warning: 0, error: 0, retried: 0, dead: 0, released: 0, lost: 0 };
  /** How many durations lie at or below each bound; the last counts all. */
  readonly buckets: number[] = [...DURATION_BOUNDS.map(() => 0), 0];
  durationSeconds = 0;
  inFlight = 0;
  #recent: number[] = [];
  #next = 0;

  /** Jobs whose result is stored. */
  get completed(): number {
    return this.endings.ok + this.endings.warning + this.endings.error;
  }

  ended(ending: Ending, durationMs: number): void {
    this.endings[ending] += 1;
    const seconds = durationMs / 1000;
    this.durationSeconds += seconds;
    for (const [index, bound] of DURATION_BOUNDS.entries()) if (seconds <= bound) this.buckets[index] = (this.buckets[index] as number) + 1;
    this.buckets[DURATION_BOUNDS.length] = (this.buckets.at(-1) as number) + 1;
    this.#recent[this.#next] = durationMs;
    this.#next = (this.#next + 1) % REMEMBERED;
  }

  /** Of the last few thousand, in milliseconds; null before the first. */
  percentiles(): { p50: number; p99: number } | null {
    const sorted = Float64Array.from(this.#recent).sort();
    if (sorted.length === 0) return null;
    const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] as number;
    return { p50: at(0.5), p99: at(0.99) };
  }
}
