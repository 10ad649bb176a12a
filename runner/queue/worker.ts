import { setMaxListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { Status } from "../../schemas/carried.js";
import type { Report } from "../harness/run.js";
import { type Limits, NO_LIMITS } from "../limits/limits.js";
import { endLeftovers } from "../support/shutdown-hooks.js";
import type { Channel, Delivery, Keeping, Outcome, SettleAnswer, Settlement, Sink } from "./backend.js";
import { backoffMs } from "./backoff.js";
import { InBatches } from "./batcher.js";
import { type Executed, execute, type Means } from "./execute.js";
import { handOn } from "./forward-result.js";
import { Heartbeat } from "./heartbeat.js";
import { isPassing, isRefused } from "./is-transient.js";
import { lastFailure } from "./last-failure.js";
import { UsualLimits } from "./usual-limits.js";
import { count, type Ending, newTally, type Tally } from "./worker-stats.js";

export interface WorkerSettings extends Omit<Means, "keep" | "enter"> {
  readonly jobs: Channel;
  /** Null: results go to the same store, with the end of their job. */
  readonly results: Sink | null;
  readonly concurrency: number;
  readonly leaseMs: number;
  /** Null: those that probes bring with them hold, within this process. */
  readonly limits: Limits | null;
  /** Ends when nothing is left to do, instead of waiting for more. */
  readonly drain: boolean;
  /** How long a claim waits for the first job. */
  readonly waitMs: number;
  /** Is told of what went wrong with the store and is tried again. */
  readonly onTrouble: (error: unknown) => void;
}

/** Works jobs off until it is stopped. */
export class Worker {
  readonly tally: Tally = newTally();
  readonly #stopping = new AbortController();
  /** Ends what still runs when the time to finish is over. */
  readonly #abandoning = new AbortController();
  readonly #settling: InBatches<Settlement, SettleAnswer>;
  readonly #keeping: InBatches<Keeping, SettleAnswer>;
  readonly #means: Means;
  readonly #usualLimits = new UsualLimits(process.env);
  readonly #heartbeat: Heartbeat;
  readonly #running = new Set<Promise<void>>();
  /** Of the jobs that run. Listeners on one signal would cost more than this list. */
  readonly #endings = new Set<AbortController>();
  #fatal: unknown = null;
  #freed: (() => void) | null = null;

  constructor(readonly settings: WorkerSettings) {
    const { jobs, leaseMs, limits, onTrouble } = settings;
    // One listener a result that waits for its receiver: more than ten are no leak.
    setMaxListeners(0, this.#abandoning.signal);
    this.#abandoning.signal.addEventListener("abort", () => {
      for (const ending of this.#endings) ending.abort();
    });
    const batching = { onTrouble, lingerMs: LINGER_MS, givingUp: this.#abandoning.signal };
    this.#settling = new InBatches({ ...batching, send: (settlements) => jobs.settle(settlements) });
    this.#keeping = new InBatches({ ...batching, send: (keepings) => jobs.keep(keepings) });
    this.#means = {
      ...settings,
      keep: (delivery, text) => this.#keeping.send({ delivery, text }),
      enter: async (loaded, key, weight) => (limits === null ? this.#usualLimits.enter(loaded, key, weight) : () => undefined),
    };
    this.#heartbeat = new Heartbeat(jobs, leaseMs, onTrouble);
  }

  /** Resolves when it was stopped or has drained the queue, and everything is settled. Rejects when the store is beyond help. */
  async run(): Promise<void> {
    try {
      while (!this.#stopping.signal.aborted) if (!(await this.#claimSome())) break;
      while (this.#running.size > 0) await Promise.all(this.#running);
    } finally {
      this.#stopping.abort();
      await this.#heartbeat.stop();
      await endLeftovers();
    }
    if (this.#fatal !== null) throw this.#fatal;
  }

  /** Takes no more jobs, finishes what runs, and gives back what still runs after `graceMs`. */
  stop(graceMs: number): void {
    if (this.#stopping.signal.aborted) return;
    this.#stopping.abort();
    this.#usualLimits.end();
    setTimeout(() => this.#abandoning.abort(), graceMs).unref();
  }

  /** False: there is nothing left to do. */
  async #claimSome(): Promise<boolean> {
    if (this.#free() <= 0) {
      await this.#slot();
      return true;
    }
    if (this.#free() < this.settings.concurrency * FEW_FREE) await sleep(GATHER_MS);
    const { drain, waitMs } = this.settings;
    const lookMs = Math.min(waitMs, DRAIN_LOOK_MS);
    if (!drain) await this.#startSome(waitMs);
    // Where nothing runs, an empty queue ends the worker at once: it waits only if others hold jobs, or some are due later.
    else if (!(await this.#startSome(this.#running.size > 0 ? lookMs : 0)) && this.#running.size === 0) {
      if (await this.#isDrained()) return false;
      await this.#startSome(lookMs);
    }
    return true;
  }

  /** False: there was none. */
  async #startSome(waitMs: number): Promise<boolean> {
    const claimed = await this.#claim(this.#free(), waitMs);
    for (const delivery of claimed) this.#start(delivery);
    return claimed.length > 0;
  }

  /** How many more jobs may be held. */
  #free(): number {
    const { concurrency } = this.settings;
    return Math.min(concurrency - this.tally.inFlight, MOST_HELD_FACTOR * concurrency - this.#running.size);
  }

  async #claim(most: number, waitMs: number): Promise<Delivery[]> {
    const { jobs, leaseMs, limits: given } = this.settings;
    const limits = given ?? NO_LIMITS;
    for (let attempt = 1; ; attempt++) {
      try {
        return await jobs.claim({ most, leaseMs, limits, waitMs, signal: this.#stopping.signal });
      } catch (error) {
        if (!isPassing(error)) this.#fail(error);
        if (this.#stopping.signal.aborted) return [];
        this.settings.onTrouble(error);
        await sleep(backoffMs(attempt, 200, 5000), undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      }
    }
  }

  async #isDrained(): Promise<boolean> {
    const { waiting, delayed, leased } = await this.settings.jobs.counts();
    return waiting + delayed + leased === 0;
  }

  #start(delivery: Delivery): void {
    this.tally.inFlight += 1;
    const done = this.#workOff(delivery)
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#running.delete(done);
        this.#freed?.();
      });
    this.#running.add(done);
  }

  async #workOff(delivery: Delivery): Promise<void> {
    const ending = new AbortController();
    if (this.#abandoning.signal.aborted) ending.abort();
    this.#endings.add(ending);
    const began = performance.now();
    this.#heartbeat.hold(delivery, () => ending.abort());
    try {
      const executed = await this.#execute(delivery, ending.signal);
      const { outcome, answer } = await this.#settle(delivery, await this.#handOn(executed.outcome));
      count(this.tally, answer === "lost" ? "lost" : endingOf(outcome, executed.report), performance.now() - began);
    } finally {
      this.#heartbeat.letGo(delivery);
      this.#endings.delete(ending);
    }
  }

  /** A job whose result the store refuses is a dead letter, and no other job's affair. */
  async #settle(delivery: Delivery, outcome: Outcome): Promise<{ outcome: Outcome; answer: SettleAnswer }> {
    try {
      return { outcome, answer: await this.#settling.send({ delivery, outcome }) };
    } catch (error) {
      if (!isRefused(error) || !("result" in outcome) || outcome.result === null) throw error;
      const dead: Outcome = { kind: "dead", failure: lastFailure("result_refused", error.message) };
      return { outcome: dead, answer: await this.#settling.send({ delivery, outcome: dead }) };
    }
  }

  /** A job whose result is on its way to the store makes room for the next one. */
  async #execute(delivery: Delivery, signal: AbortSignal): Promise<Executed> {
    try {
      return await execute(delivery, this.#means, signal);
    } finally {
      this.tally.inFlight -= 1;
      this.#freed?.();
    }
  }

  async #handOn(outcome: Outcome): Promise<Outcome> {
    const { results, onTrouble } = this.settings;
    return results === null ? outcome : handOn(outcome, { results, onTrouble, givingUp: this.#abandoning.signal });
  }

  #slot(): Promise<void> {
    return new Promise((resolve) => {
      this.#freed = () => {
        this.#freed = null;
        resolve();
      };
    });
  }

  /** The store is beyond help: everything ends, and what is leased comes back by itself. */
  #fail(error: unknown): void {
    this.#fatal ??= error;
    this.stop(0);
  }
}

/** How long a result waits for others, so that the store takes many at once. */
const LINGER_MS = 4;
/** How many jobs may be held, running or on their way to the store, for each that may run. A store that is slow stops the claiming there. */
const MOST_HELD_FACTOR = 8;

/** A claim for few costs the store almost as much as one for many: where less than this share is free, others are given a moment to end. */
const FEW_FREE = 0.25;
const GATHER_MS = 2;

/** How soon a worker that drains notices that nothing is left. */
const DRAIN_LOOK_MS = 100;

function endingOf(outcome: Outcome, report: Report | null): Ending {
  const endings = { later: "later", retry: "retried", dead: "dead", release: "released" } as const;
  return outcome.kind === "done" ? ((report?.carried.status ?? "ok") satisfies Status) : endings[outcome.kind];
}
