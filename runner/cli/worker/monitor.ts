import { setTimeout as sleep } from "node:timers/promises";
import type { Channel, Counts } from "../../queue/backend.js";
import type { MetricsSnapshot } from "../../queue/metrics.js";
import { completed, type WorkerStats } from "../../queue/worker-stats.js";
import type { Io } from "../io.js";
import { liveLine, summary } from "./live-line.js";

/** Counting a long queue takes time. */
const COUNT_EVERY_MS = 1000;
/** Readiness probes time out soon after this; a store that hangs is not ready. */
const ANSWER_MS = 2000;
const SHOW_EVERY_MS = 250;
/** The period that the rate is computed over. */
const RATE_OVER_MS = 5000;
const CLEAR_LINE = "\r\u001b[K";

export interface PoolStats {
  readonly stats: WorkerStats;
  readonly processes: number;
  readonly restarts: number;
}

/** Observes one or more workers, for the live line and for HTTP clients. */
export class Monitor {
  readonly #began = performance.now();
  readonly #timers: NodeJS.Timeout[];
  #seen: { at: number; done: number }[] = [];
  #counts: Counts | null = null;
  #asking: Promise<unknown> | null = null;
  #hasAsked = false;

  constructor(
    readonly io: Io,
    readonly jobs: Channel,
    readonly stats: () => PoolStats,
    isWatched: boolean,
  ) {
    const { isTty } = io.stderr;
    this.#timers = [
      ...(isTty || isWatched ? [setInterval(() => void this.ask(), COUNT_EVERY_MS)] : []),
      ...(isTty ? [setInterval(() => this.#show(), SHOW_EVERY_MS)] : [setTimeout(() => void this.#warnIfPaused(), COUNT_EVERY_MS)]),
    ];
    for (const timer of this.#timers) timer.unref();
    this.#seen.push({ at: this.#began, done: 0 });
  }

  get snapshot(): MetricsSnapshot {
    return { ...this.stats(), jobs: this.#counts };
  }

  /** Asks the store for its counts; null if it does not answer in time. Simultaneous callers share one request. */
  async ask(): Promise<Counts | null> {
    this.#asking ??= this.jobs
      .counts()
      .then(
        (counts) => (this.#counts = counts),
        () => (this.#counts = null),
      )
      .finally(() => (this.#asking = null));
    const isLate = await Promise.race([this.#asking.then(() => false), sleep(ANSWER_MS, true, { ref: false })]);
    this.#hasAsked = true;
    if (isLate) this.#counts = null;
    return this.#counts;
  }

  end(): void {
    for (const timer of this.#timers) clearInterval(timer);
    const text = summary(this.stats(), (performance.now() - this.#began) / 1000);
    this.io.err(`${this.io.stderr.isTty ? CLEAR_LINE : ""}${text}\n`);
  }

  /** A worker that waits for a paused queue looks like one that hangs. */
  async #warnIfPaused(): Promise<void> {
    const { stats } = this.stats();
    if (completed(stats) > 0 || stats.inFlight > 0) return;
    if ((await this.ask())?.isPaused) this.io.err("probe-run: the queue is paused: no job begins before `probe-run queue resume`\n");
  }

  #show(): void {
    const { snapshot } = this;
    const at = performance.now();
    this.#seen.push({ at, done: completed(snapshot.stats) });
    this.#seen = this.#seen.filter((each) => at - each.at <= RATE_OVER_MS);
    const first = this.#seen[0] as { at: number; done: number };
    const perSecond = at > first.at ? ((completed(snapshot.stats) - first.done) / (at - first.at)) * 1000 : 0;
    const line = liveLine(snapshot, perSecond, { width: this.io.stderr.columns - 1, isAsking: !this.#hasAsked });
    this.io.err(CLEAR_LINE + line.slice(0, this.io.stderr.columns - 1));
  }
}
