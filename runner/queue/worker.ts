import { setMaxListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { Status } from "../../schemas/carried.js";
import type { Report } from "../harness/run.js";
import { type Limits, NO_LIMITS } from "../limits/limits.js";
import { Cancellation } from "../run/cancellation.js";
import { runShutdownHooks } from "../support/shutdown-hooks.js";
import type { Channel, LeasedMessage, Outcome, SettleAnswer, Settlement, Sink, StateUpdate } from "./backend.js";
import { backoffMs } from "./backoff.js";
import { Batcher } from "./batcher.js";
import { type ExecutedJob, execute, type JobContext } from "./execute.js";
import { forwardResult } from "./forward-result.js";
import { Heartbeat } from "./heartbeat.js";
import { isRefused, isTransient } from "./is-transient.js";
import { lastFailure } from "./last-failure.js";
import { LoopLoad } from "./loop-load.js";
import { GATHER, GRACE_MS, LINGER_MS, UNTIL_CLAIM_MS } from "./timing.js";
import { UsualLimits } from "./usual-limits.js";
import { type Ending, emptyStats, recordEnding, type WorkerStats } from "./worker-stats.js";

export interface WorkerSettings extends Omit<JobContext, "saveState" | "acquireSlot"> {
  readonly jobs: Channel;
  /** Null: results are stored with their jobs, in the same store. */
  readonly results: Sink | null;
  readonly concurrency: number;
  readonly leaseMs: number;
  /** Null: each probe's own limits hold within this process. */
  readonly limits: Limits | null;
  /** End when the queue is empty, instead of waiting for more. */
  readonly drain: boolean;
  /** How long a claim waits for the first job. */
  readonly waitMs: number;
  /** Called with each error of the store that is retried. */
  readonly onTrouble: (error: unknown) => void;
}

/** Processes jobs until it is stopped. */
export class Worker {
  readonly stats: WorkerStats = emptyStats();
  readonly #stopping = new AbortController();
  /** Aborts the jobs that still run when the grace period is over. */
  readonly #abandon = new AbortController();
  readonly #settlements: Batcher<Settlement, SettleAnswer>;
  readonly #stateUpdates: Batcher<StateUpdate, SettleAnswer>;
  readonly #jobContext: JobContext;
  readonly #usualLimits = new UsualLimits(process.env);
  readonly #heartbeat: Heartbeat;
  readonly #running = new Set<Promise<void>>();
  /** One per running job. */
  readonly #cancellations = new Set<Cancellation>();
  readonly #load = new LoopLoad();
  #run: Promise<void> | null = null;
  #fatal: unknown = null;
  #isClaiming = false;
  #onSlotFree: (() => void) | null = null;

  constructor(readonly settings: WorkerSettings) {
    const { jobs, leaseMs, limits, onTrouble } = settings;
    // Every forwarded result adds a listener: more than ten of them are not a leak.
    setMaxListeners(0, this.#abandon.signal);
    this.#abandon.signal.addEventListener("abort", () => {
      for (const cancellation of this.#cancellations) cancellation.cancel();
    });
    const batching = { onTrouble, giveUpSignal: this.#abandon.signal };
    this.#settlements = new Batcher({ ...batching, lingerMs: () => this.#resultLingerMs(), send: (settlements) => jobs.settle(settlements, true) });
    this.#stateUpdates = new Batcher({ ...batching, lingerMs: () => LINGER_MS, send: (updates) => jobs.saveState(updates) });
    this.#jobContext = {
      ...settings,
      saveState: (message, state) => this.#stateUpdates.send({ message, state }),
      acquireSlot: (loaded, key, weight) => (limits === null ? this.#usualLimits.acquireSlot(loaded, key, weight) : noop),
    };
    this.#heartbeat = new Heartbeat(jobs, leaseMs, onTrouble);
  }

  /**
   * Resolves when the worker was stopped or the queue is empty, and everything is settled. Rejects on an error of the store that a retry does not
   * cure.
   */
  run(): Promise<void> {
    this.#run = this.#work();
    return this.#run;
  }

  async #work(): Promise<void> {
    try {
      while (!this.#stopping.signal.aborted) if (!(await this.#claimNext())) break;
      while (this.#running.size > 0) await Promise.all(this.#running);
    } finally {
      this.#stopping.abort();
      await this.#heartbeat.stop();
      await runShutdownHooks();
    }
    if (this.#fatal !== null) throw this.#fatal;
  }

  /** Claims no more jobs, lets running ones finish, and releases those that still run after `graceMs`. */
  stop(graceMs: number = GRACE_MS): void {
    if (this.#stopping.signal.aborted) return;
    this.#stopping.abort();
    this.#usualLimits.end();
    setTimeout(() => this.#abandon.abort(), graceMs).unref();
  }

  /** `await using worker = await createWorker(…)` stops it at the end of the block, and waits for the jobs that run. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
    // The caller of run() gets its error.
    await this.#run?.catch(() => undefined);
  }

  /** False: the queue is empty. */
  async #claimNext(): Promise<boolean> {
    if (this.#free() <= 0) {
      await this.#waitForSlot();
      return true;
    }
    await this.#gather();
    const { drain, waitMs } = this.settings;
    const checkMs = Math.min(waitMs, DRAIN_CHECK_MS);
    if (!drain) await this.#startSome(waitMs);
    // With nothing running, an empty queue ends the worker at once: it waits only if others hold jobs, or some are due later.
    else if (!(await this.#startSome(this.#running.size > 0 ? checkMs : 0)) && this.#running.size === 0) {
      if (await this.#isDrained()) return false;
      await this.#startSome(checkMs);
    }
    return true;
  }

  /** A small claim costs the store almost as much as a large one: while few slots are free, others are awaited for a moment. */
  async #gather(): Promise<void> {
    const { share, mostMs } = this.#load.isSaturated() ? GATHER.saturated : GATHER.usual;
    const until = performance.now() + mostMs;
    while (this.#free() < this.settings.concurrency * share && performance.now() < until) await sleep(GATHER.usual.mostMs);
  }

  /** False: there was none. */
  async #startSome(waitMs: number): Promise<boolean> {
    const claimed = await this.#claim(this.#free(), waitMs);
    for (const message of claimed) this.#start(message);
    return claimed.length > 0;
  }

  /** How many more jobs the worker may hold. */
  #free(): number {
    const { concurrency } = this.settings;
    return Math.min(concurrency - this.stats.inFlight, MAX_HELD_FACTOR * concurrency - this.#running.size);
  }

  async #claim(max: number, waitMs: number): Promise<LeasedMessage[]> {
    const { jobs, leaseMs, limits: given } = this.settings;
    const limits = given ?? NO_LIMITS;
    if (jobs.sharesWrites === true) this.#settlements.flush();
    for (let attempt = 1; ; attempt++) {
      this.#isClaiming = true;
      try {
        return await jobs.claim({ max, leaseMs, limits, waitMs, signal: this.#stopping.signal });
      } catch (error) {
        if (!isTransient(error)) this.#fail(error);
        if (this.#stopping.signal.aborted) return [];
        this.settings.onTrouble(error);
        await sleep(backoffMs(attempt, 200, 5000), undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      } finally {
        this.#isClaiming = false;
      }
    }
  }

  /** The slot of a job that ended is free, so a claim follows soon and takes the result along, unless one is waiting for jobs already. */
  #resultLingerMs(): number {
    const isClaimExpected = this.settings.jobs.sharesWrites === true && !this.#isClaiming && !this.#stopping.signal.aborted;
    return isClaimExpected ? UNTIL_CLAIM_MS : LINGER_MS;
  }

  async #isDrained(): Promise<boolean> {
    const { waiting, delayed, leased } = await this.settings.jobs.counts();
    return waiting + delayed + leased === 0;
  }

  #start(message: LeasedMessage): void {
    this.stats.inFlight += 1;
    const done = this.#process(message)
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#running.delete(done);
        this.#onSlotFree?.();
      });
    this.#running.add(done);
  }

  async #process(message: LeasedMessage): Promise<void> {
    const cancellation = new Cancellation();
    if (this.#abandon.signal.aborted) cancellation.cancel();
    this.#cancellations.add(cancellation);
    const began = performance.now();
    this.#heartbeat.track(message, () => cancellation.cancel());
    try {
      const executed = await this.#execute(message, cancellation);
      const { outcome, answer } = await this.#settle(message, await this.#forward(executed.outcome));
      recordEnding(this.stats, answer === "lost" ? "lost" : endingOf(outcome, executed.report), performance.now() - began);
    } finally {
      this.#heartbeat.untrack(message);
      this.#cancellations.delete(cancellation);
    }
  }

  /** A job whose result the store refuses becomes a dead letter, and affects no other job. */
  async #settle(message: LeasedMessage, outcome: Outcome): Promise<{ outcome: Outcome; answer: SettleAnswer }> {
    try {
      return { outcome, answer: await this.#settlements.send({ message, outcome }) };
    } catch (error) {
      if (!isRefused(error) || !("result" in outcome) || outcome.result === null) throw error;
      const dead: Outcome = { kind: "dead", failure: lastFailure("result_refused", error.message) };
      return { outcome: dead, answer: await this.#settlements.send({ message, outcome: dead }) };
    }
  }

  /** A job whose result is being stored no longer occupies a slot. */
  async #execute(message: LeasedMessage, cancellation: Cancellation): Promise<ExecutedJob> {
    try {
      return await execute(message, this.#jobContext, cancellation);
    } finally {
      this.stats.inFlight -= 1;
      this.#onSlotFree?.();
    }
  }

  async #forward(outcome: Outcome): Promise<Outcome> {
    const { results, onTrouble } = this.settings;
    return results === null ? outcome : forwardResult(outcome, { results, onTrouble, giveUpSignal: this.#abandon.signal });
  }

  #waitForSlot(): Promise<void> {
    return new Promise((resolve) => {
      this.#onSlotFree = () => {
        this.#onSlotFree = null;
        resolve();
      };
    });
  }

  /** An error that a retry does not cure: the worker stops, and its leases expire. */
  #fail(error: unknown): void {
    this.#fatal ??= error;
    this.stop(0);
  }
}

function noop(): void {}

/** How many jobs a worker may hold, running or being stored, as a multiple of its concurrency. A slow store stops the claims at this point. */
const MAX_HELD_FACTOR = 8;

/** How soon a draining worker notices that the queue is empty. */
const DRAIN_CHECK_MS = 100;

function endingOf(outcome: Outcome, report: Report | null): Ending {
  const endings = { later: "later", retry: "retried", dead: "dead", release: "released" } as const;
  return outcome.kind === "done" ? ((report?.carried.status ?? "expired") satisfies Status | "expired") : endings[outcome.kind];
}
