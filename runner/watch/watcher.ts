import { LogHistogram } from "../history/log-histogram.js";
import type { Book, Result } from "./book.js";
import { DueHeap } from "./due-heap.js";
import { Judge, type RawOutcome } from "./judge.js";
import type { Ran } from "./run-check.js";
import { nextStart, slotLength } from "./schedule/schedule.js";
import type { Outcome } from "./state.js";
import type { WatchedCheck } from "./watch-plan.js";

export interface WatcherOptions {
  /** Simultaneous runs. */
  readonly most: number;
  readonly now: () => number;
  run(check: WatchedCheck, signal: AbortSignal): Promise<Ran>;
  /** After a result was recorded; what is asked of the history now comes after it. */
  onResult?(check: WatchedCheck, result: Result, ran: Ran): void;
  /** The history belongs to another process, or there is a bug: nothing that a later slot could mend. */
  onError(error: unknown): void;
}

/** A run that was ended before it was recorded, by the moment at which its slot began. */
export interface Unfinished {
  readonly key: string;
  readonly at: number;
}

/** What runs the checks of a watch. */
export interface Watching {
  readonly counts: WatcherCounts;
  start(legacy: { readonly unfinished: readonly Unfinished[]; readonly counts: WatcherCounts } | null): void;
  /** Returns runs that were ended before they were recorded. */
  stop(): Promise<Unfinished[]>;
  /** Checks run: a slot that should have begun a minute ago has begun. */
  isAlive(now: number): boolean;
}

interface Due {
  readonly check: WatchedCheck;
  /** An extra run, after which the schedule continues unchanged. */
  readonly isExtra: boolean;
}

export interface WatcherCounts {
  readonly results: Readonly<Record<Outcome, number>>;
  /** Slots that began while the check still ran, or that came too late to be run. */
  readonly missed: number;
  readonly running: number;
  /** When the newest slot began that was run; 0 before the first. */
  readonly lastSlotAt: number;
  /** Microseconds between the beginning of a slot and the start of its run. */
  readonly lateness: LogHistogram;
}

/** A timer may be late; a start that is later than this, or than half a slot, is a gap. */
const MOST_LATE_MS = 5000;
/** The clock is looked at this often, so that one that was set is noticed. */
const LOOK_EVERY_MS = 1000;
const STEP_MS = 2000;
const MINUTE_MS = 60_000;

/** Starts each check when its slot begins, and hands what came of it to the book. */
export class Watcher implements Watching {
  readonly #due = new DueHeap<Due>();
  readonly #running = new Map<string, { readonly at: number; readonly outcome: Promise<RawOutcome>; readonly settled: Promise<void> }>();
  readonly #newest = new Map<string, { readonly startedAt: number; readonly outcome: RawOutcome }>();
  readonly #judge: Judge;
  readonly #byKey: ReadonlyMap<string, WatchedCheck>;
  readonly #stopping = new AbortController();
  readonly #results: Record<Outcome, number> = { ok: 0, warning: 0, error: 0, unknown: 0, suppressed: 0, maintenance: 0 };
  readonly #lateness = new LogHistogram();
  #missed = 0;
  #lastSlotAt = 0;
  #timer: NodeJS.Timeout | null = null;
  #lookedAt = 0;

  constructor(
    readonly book: Book,
    readonly options: WatcherOptions,
  ) {
    const { checks } = book.plan;
    this.#judge = new Judge(book, (key, since) => this.#fresh(key, since), options.now);
    this.#byKey = new Map(checks.map((check) => [check.key, check]));
  }

  /** A slot that should have begun a minute ago has begun. */
  isAlive(now: number): boolean {
    return this.#due.next > now - MINUTE_MS;
  }

  get counts(): WatcherCounts {
    return { results: this.#results, missed: this.#missed, running: this.#running.size, lastSlotAt: this.#lastSlotAt, lateness: this.#lateness };
  }

  /** What the watch of the file before this one left is continued, and its unfinished runs begin again. */
  start(legacy: Parameters<Watching["start"]>[0] = null): void {
    this.#lookedAt = this.options.now();
    this.book.clockIs(this.#lookedAt);
    this.#schedule(this.#lookedAt);
    for (const { key, at } of legacy?.unfinished ?? []) {
      const check = this.#byKey.get(key);
      if (check !== undefined && !this.#running.has(key)) void this.#run(check, at);
    }
    if (legacy !== null) this.#count(legacy.counts);
    this.#look();
  }

  /** Ends what runs; it is not recorded. Returns it. */
  async stop(): Promise<Unfinished[]> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    const unfinished = [...this.#running].map(([key, { at }]) => ({ key, at }));
    this.#stopping.abort();
    await Promise.allSettled([...this.#running.values()].map(({ settled }) => settled));
    return unfinished;
  }

  #count({ results, missed, lastSlotAt, lateness }: WatcherCounts): void {
    this.#lateness.merge(lateness);
    for (const outcome of Object.keys(results) as Outcome[]) this.#results[outcome] += results[outcome];
    this.#missed += missed;
    this.#lastSlotAt = lastSlotAt;
  }

  #schedule(now: number): void {
    for (const check of this.book.plan.checks) {
      this.#due.add(nextStart(now, check.schedule), { check, isExtra: false });
      if (this.#hasSlept(check, now)) this.#due.add(now, { check, isExtra: true });
    }
  }

  #look(): void {
    const now = this.options.now();
    if (now < this.#lookedAt - STEP_MS) this.#startAgain(now);
    this.#lookedAt = now;
    for (let entry = this.#due.take(now); entry !== null; entry = this.#due.take(now)) this.#begin(entry.item, entry.at, now);
    const waitMs = Math.min(LOOK_EVERY_MS, Math.max(1, this.#due.next - this.options.now()));
    if (!this.#stopping.signal.aborted) this.#timer = setTimeout(() => this.#look(), waitMs);
  }

  /** A slot began while the watch did not run, and is to be made up for. */
  #hasSlept({ key, schedule, catchesUp }: WatchedCheck, now: number): boolean {
    const lastAt = this.book.state(key).last_at;
    return catchesUp && lastAt !== null && nextStart(lastAt, schedule) < now;
  }

  /** The clock was set back: what was due in its old future is due by the new one. */
  #startAgain(now: number): void {
    while (this.#due.take(Number.POSITIVE_INFINITY) !== null);
    this.book.clockIs(now);
    this.#newest.clear();
    this.#lastSlotAt = Math.min(this.#lastSlotAt, now);
    this.#schedule(now);
  }

  #begin({ check, isExtra }: Due, at: number, now: number): void {
    if (!isExtra) this.#due.add(nextStart(now, check.schedule), { check, isExtra });
    const isLate = now - at > Math.min(MOST_LATE_MS, slotLength(at, check.schedule) / 2);
    if (isLate || this.#running.has(check.key) || this.#running.size >= this.options.most) {
      if (isLate && !isExtra && check.catchesUp) this.#due.add(now, { check, isExtra: true });
      else if (!isExtra) this.#missed += 1;
      return;
    }
    this.#lastSlotAt = Math.max(this.#lastSlotAt, at);
    if (!isExtra) this.#lateness.add((now - at) * 1000);
    void this.#run(check, at);
  }

  /** Resolves with what the run itself found: what it means is judged after it, and may ask for other runs. */
  #run(check: WatchedCheck, at: number): Promise<RawOutcome> {
    const ran = this.options.run(check, this.#stopping.signal);
    const outcome = ran.then((it) => {
      const found = it.isCancelled ? "unknown" : it.outcome;
      this.#newest.set(check.key, { startedAt: at, outcome: found });
      return found;
    });
    const settled = ran.then((it) => this.#settle(check, it, at)).finally(() => this.#running.delete(check.key));
    this.#running.set(check.key, { at, outcome, settled });
    settled.catch((error: unknown) => this.options.onError(error));
    return outcome;
  }

  async #settle(check: WatchedCheck, ran: Ran, begunAt: number): Promise<void> {
    if (ran.isCancelled || this.#stopping.signal.aborted) return;
    // The clock may have been set back since it began.
    const at = Math.min(begunAt, this.options.now());
    const result = await this.#judge.judged(check, ran, at);
    if (this.#stopping.signal.aborted) return;
    // The check may run again before its result is stored: the history keeps the order.
    this.book.record(check, result, this.options.now()).catch((error: unknown) => this.options.onError(error));
    this.#results[result.outcome] += 1;
    this.options.onResult?.(check, result, ran);
    this.#confirm(check, result);
  }

  /** The outcome of another check that is not older than this; it is run now if there is none. */
  async #fresh(key: string, since: number): Promise<RawOutcome> {
    const newest = this.#newest.get(key);
    if (newest !== undefined && newest.startedAt >= since) return newest.outcome;
    return this.#running.get(key)?.outcome ?? this.#run(this.#byKey.get(key) as WatchedCheck, this.options.now());
  }

  /** A first failure is looked at again soon, and not only at the next slot. */
  #confirm(check: WatchedCheck, { at, outcome }: Result): void {
    if (check.confirmAfterMs === null || outcome !== "error" || this.book.state(check.key).incident !== null) return;
    const again = at + check.confirmAfterMs;
    if (again < nextStart(at, check.schedule)) this.#due.add(Math.max(again, this.options.now()), { check, isExtra: true });
  }
}
