import { LogHistogram } from "../../history/log-histogram.js";
import type { Message } from "../../queue/backend.js";
import type { Queue } from "../../queue/queue.js";
import { DueHeap } from "../due-heap.js";
import { nextStart, slotLength } from "../schedule/schedule.js";
import type { Moment } from "../state.js";
import type { WatchedCheck } from "../watch-plan.js";
import type { SlotJobs } from "./slot-jobs.js";

/** Later than this, or than half a slot, is a gap. */
const MOST_LATE_MS = 5000;
const LOOK_EVERY_MS = 1000;
const STEP_MS = 2000;
const MINUTE_MS = 60_000;

export interface StarterOptions {
  readonly queues: ReadonlyMap<string, Queue>;
  readonly jobs: ReadonlyMap<string, SlotJobs>;
  /** In which slots begin now; undefined before the clock was set back for the first time. */
  epoch(): string | undefined;
  /** The clock of this machine was set back. */
  onSetBack(): void;
  /** The slot has its jobs, by this watch or another one. */
  onStarted(check: WatchedCheck, at: number): void;
  /** The slot of a check that catches up was slept through. */
  onSlept(check: WatchedCheck): void;
  onTrouble(error: unknown): void;
}

interface Begun {
  readonly check: WatchedCheck;
  readonly at: number;
  /** Between two slots, or late. */
  readonly isExtra: boolean;
}

/** Puts a job into the queue of each location when the slot of a check begins. Another watch that does the same stores nothing twice. */
export class SlotStarter {
  readonly lateness = new LogHistogram();
  missed = 0;
  lastSlotAt = 0;
  readonly #due = new DueHeap<{ readonly check: WatchedCheck; readonly isExtra: boolean }>();
  #timer: NodeJS.Timeout | null = null;
  #lookedAt = Date.now();
  #isStopped = false;

  constructor(
    readonly checks: readonly WatchedCheck[],
    readonly options: StarterOptions,
  ) {
    this.#schedule(this.#lookedAt);
  }

  start(): void {
    const now = Date.now();
    // The clock was set back: what was due in its old future is due by the new one.
    if (now < this.#lookedAt - STEP_MS) {
      while (this.#due.take(Number.POSITIVE_INFINITY) !== null);
      this.#schedule(now);
      this.lastSlotAt = Math.min(this.lastSlotAt, now);
      this.options.onSetBack();
    }
    this.#lookedAt = now;
    this.#begin(now);
    const waitMs = Math.min(LOOK_EVERY_MS, Math.max(1, this.#due.next - Date.now()));
    if (!this.#isStopped) this.#timer = setTimeout(() => this.start(), waitMs);
  }

  /** A slot that should have begun a minute ago has begun. */
  isAlive(now: number): boolean {
    return this.#due.next > now - MINUTE_MS;
  }

  /** A run between two slots. */
  startExtra(check: WatchedCheck, at: number): void {
    this.#due.add(at, { check, isExtra: true });
  }

  /** A run at once, for a slot that began at this moment. */
  startNow(check: WatchedCheck, at: number): void {
    void this.#enqueue([{ check, at, isExtra: true }]);
  }

  stop(): void {
    this.#isStopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #schedule(now: number): void {
    for (const check of this.checks) this.#due.add(nextStart(now, check.schedule), { check, isExtra: false });
  }

  #begin(now: number): void {
    const begun: Begun[] = [];
    for (let due = this.#due.take(now); due !== null; due = this.#due.take(now)) {
      const { item, at } = due;
      const { check, isExtra } = item;
      if (!isExtra) this.#due.add(nextStart(now, check.schedule), item);
      if (now - at <= Math.min(MOST_LATE_MS, slotLength(at, check.schedule) / 2)) begun.push({ check, at, isExtra });
      else if (!isExtra) this.#miss(check);
    }
    if (begun.length > 0) void this.#enqueue(begun);
  }

  #miss(check: WatchedCheck): void {
    if (check.catchesUp) this.options.onSlept(check);
    else this.missed += 1;
  }

  async #enqueue(begun: readonly Begun[]): Promise<void> {
    const epoch = this.options.epoch();
    const moment = (at: number): Moment => (epoch === undefined ? { at } : { at, epoch });
    const messages: Message[] = begun.map(({ check, at }) => (this.options.jobs.get(check.key) as SlotJobs).jobFor(moment(at)));
    try {
      await Promise.all([...this.options.queues.values()].map((queue) => queue.jobs.push(messages)));
    } catch (error) {
      this.missed += begun.length;
      this.options.onTrouble(error);
      return;
    }
    for (const { check, at, isExtra } of begun) {
      this.lastSlotAt = Math.max(this.lastSlotAt, at);
      if (!isExtra) this.lateness.add((Date.now() - at) * 1000);
      this.options.onStarted(check, at);
    }
  }
}
