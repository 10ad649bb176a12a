import type { Book, Result } from "./book.js";
import { DueHeap } from "./due-heap.js";
import type { Ran } from "./run-check.js";
import { nextSlot, type Rhythm, rhythmOf } from "./slots.js";
import type { Outcome } from "./state.js";
import type { WatchedCheck } from "./watch-plan.js";

export interface WatcherOptions {
  /** Simultaneous runs. */
  readonly most: number;
  readonly now: () => number;
  run(check: WatchedCheck, signal: AbortSignal): Promise<Ran>;
  /** The history belongs to another process, or there is a bug: nothing that a later slot could mend. */
  onError(error: unknown): void;
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
}

/** A timer may be late; a start that is later than this, or than half a slot, is a gap. */
const MOST_LATE_MS = 5000;
/** The clock is looked at this often, so that one that was set is noticed. */
const LOOK_EVERY_MS = 1000;
const STEP_MS = 2000;

/** Starts each check when its slot begins, and hands what came of it to the book. */
export class Watcher {
  readonly #due = new DueHeap<Due>();
  readonly #running = new Map<string, Promise<Outcome>>();
  readonly #newest = new Map<string, { readonly startedAt: number; readonly outcome: Outcome }>();
  readonly #rhythms: ReadonlyMap<string, Rhythm>;
  readonly #byKey: ReadonlyMap<string, WatchedCheck>;
  readonly #stopping = new AbortController();
  readonly #results: Record<Outcome, number> = { ok: 0, warning: 0, error: 0, unknown: 0, suppressed: 0 };
  #missed = 0;
  #lastSlotAt = 0;
  #timer: NodeJS.Timeout | null = null;
  #lookedAt = 0;

  constructor(
    readonly book: Book,
    readonly options: WatcherOptions,
  ) {
    const { checks } = book.plan;
    this.#rhythms = new Map(checks.map(({ key, everyMs }) => [key, rhythmOf(key, everyMs)]));
    this.#byKey = new Map(checks.map((check) => [check.key, check]));
  }

  get counts(): WatcherCounts {
    return { results: this.#results, missed: this.#missed, running: this.#running.size, lastSlotAt: this.#lastSlotAt };
  }

  start(): void {
    this.#lookedAt = this.options.now();
    this.#schedule(this.#lookedAt);
    this.#look();
  }

  /** Ends what runs; it is not recorded. */
  async stop(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#stopping.abort();
    await Promise.allSettled(this.#running.values());
  }

  #schedule(now: number): void {
    for (const check of this.book.plan.checks) this.#due.add(nextSlot(now, this.#rhythms.get(check.key) as Rhythm), { check, isExtra: false });
  }

  #look(): void {
    const now = this.options.now();
    if (now < this.#lookedAt - STEP_MS) this.#startAgain(now);
    this.#lookedAt = now;
    for (let entry = this.#due.take(now); entry !== null; entry = this.#due.take(now)) this.#begin(entry.item, entry.at, now);
    const waitMs = Math.min(LOOK_EVERY_MS, Math.max(1, this.#due.next - this.options.now()));
    if (!this.#stopping.signal.aborted) this.#timer = setTimeout(() => this.#look(), waitMs);
  }

  /** The clock was set back: what was due in its old future is due by the new one. */
  #startAgain(now: number): void {
    while (this.#due.take(Number.POSITIVE_INFINITY) !== null);
    this.#schedule(now);
  }

  #begin({ check, isExtra }: Due, at: number, now: number): void {
    const rhythm = this.#rhythms.get(check.key) as Rhythm;
    if (!isExtra) this.#due.add(nextSlot(now, rhythm), { check, isExtra });
    const isLate = now - at > Math.min(MOST_LATE_MS, check.everyMs / 2);
    if (isLate || this.#running.has(check.key) || this.#running.size >= this.options.most) {
      if (!isExtra) this.#missed += 1;
      return;
    }
    this.#lastSlotAt = Math.max(this.#lastSlotAt, at);
    void this.#run(check, at);
  }

  /** Resolves with the outcome, after it is recorded. */
  #run(check: WatchedCheck, at: number): Promise<Outcome> {
    const running = this.#settled(check, at).finally(() => this.#running.delete(check.key));
    this.#running.set(check.key, running);
    running.catch((error: unknown) => this.options.onError(error));
    return running;
  }

  async #settled(check: WatchedCheck, at: number): Promise<Outcome> {
    const ran = await this.options.run(check, this.#stopping.signal);
    if (ran.isCancelled || this.#stopping.signal.aborted) return "unknown";
    const result = await this.#judged(check, ran, at);
    if (this.#stopping.signal.aborted) return "unknown";
    this.book.record(check, result, this.options.now());
    this.#results[result.outcome] += 1;
    this.#newest.set(check.key, { startedAt: at, outcome: result.outcome });
    this.#confirm(check, result);
    return result.outcome;
  }

  /** A failure may be another check's, or this machine's. */
  async #judged(check: WatchedCheck, { outcome, report, reasons }: Ran, at: number): Promise<Result> {
    const durationMs = report?.carried.duration_ms ?? null;
    const reason = reasons.length === 0 ? null : reasons.join("; ");
    const output = outcome === "error" && report !== null ? JSON.stringify(report.envelope.queue) : null;
    const result: Result = { at, outcome, durationMs, reason, output };
    if (outcome !== "error") return result;
    const { canaries } = this.book.plan;
    if (canaries.length > 0 && !canaries.includes(check.key) && (await this.#allFail(canaries, at)))
      return { ...result, outcome: "unknown", reason: `every canary fails: this machine seems to be offline; ${reason}` };
    const parent = await this.#failingParent(check, at);
    return parent === null ? result : { ...result, outcome: "suppressed", reason: `${parent.name} fails, which this depends on; ${reason}` };
  }

  async #allFail(keys: readonly string[], since: number): Promise<boolean> {
    const outcomes = await Promise.all(keys.map((key) => this.#fresh(key, since)));
    return outcomes.every((outcome) => outcome === "error");
  }

  async #failingParent({ dependsOn }: WatchedCheck, since: number): Promise<WatchedCheck | null> {
    const outcomes = await Promise.all(dependsOn.map((key) => this.#fresh(key, since)));
    const failing = outcomes.findIndex((outcome) => outcome !== "ok" && outcome !== "warning");
    return failing < 0 ? null : (this.#byKey.get(dependsOn[failing] as string) as WatchedCheck);
  }

  /** The outcome of another check that is not older than this; it is run now if there is none. */
  async #fresh(key: string, since: number): Promise<Outcome> {
    const running = this.#running.get(key);
    if (running !== undefined) return running;
    const newest = this.#newest.get(key);
    if (newest !== undefined && newest.startedAt >= since) return newest.outcome;
    return this.#run(this.#byKey.get(key) as WatchedCheck, this.options.now());
  }

  /** A first failure is looked at again soon, and not only at the next slot. */
  #confirm(check: WatchedCheck, { at, outcome }: Result): void {
    if (check.confirmAfterMs === null || outcome !== "error" || this.book.state(check.key).incident !== null) return;
    const again = at + check.confirmAfterMs;
    if (again < nextSlot(at, this.#rhythms.get(check.key) as Rhythm)) this.#due.add(Math.max(again, this.options.now()), { check, isExtra: true });
  }
}
