import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Job, Queue, Worker } from "bullmq";
import { type Connection, inOneWrite } from "./connection.js";
import { isUnreadable, repairUnreadable } from "./unreadable-jobs.js";

/** The longest interval of BullMQ's check for expired locks, which goes through every active job. */
const LONGEST_STALLED_CHECK_MS = 5000;
/** How many jobs the first fetch asks for after the queue was empty: each is a separate call. */
const FIRST_FETCH = 4;
/** How long closing waits for fetched jobs to be returned to the queue. */
const RETURN_MS = 1000;

/** A job that BullMQ moved to active for this process, under a lock with this token. */
export interface FetchedJob {
  readonly job: Job;
  readonly token: string;
}

/** Fetches jobs with BullMQ's manual processing: Worker.getNextJob, without a processor. */
export class JobFetcher {
  /** By lock duration, which is a setting of the worker. One process usually needs one. */
  readonly #workers = new Map<number, Worker>();
  /** Jobs that arrived while a claim was waiting. */
  readonly #fetchedEarly: FetchedJob[] = [];
  readonly #waiting = new Set<() => void>();
  #blocking: Promise<void> | null = null;
  #fetchSize = FIRST_FETCH;
  #isClosed = false;

  constructor(
    readonly connection: Connection,
    readonly queue: Queue,
    readonly retentionMs: number,
  ) {}

  worker(leaseMs: number): Worker {
    let worker = this.#workers.get(leaseMs);
    if (worker === undefined) {
      worker = this.connection.worker(this.queue.name, {
        lockDuration: leaseMs,
        stalledInterval: Math.min(LONGEST_STALLED_CHECK_MS, Math.ceil(leaseMs / 2)),
        // The queue itself counts attempts, and ends a job that kills its workers.
        maxStalledCount: Number.MAX_SAFE_INTEGER,
        removeOnComplete: { age: this.retentionMs / 1000 },
      });
      this.#workers.set(leaseMs, worker);
      void worker.startStalledCheckTimer();
    }
    return worker;
  }

  /** Up to `max` jobs that are due, in queue order. */
  async fetch(max: number, leaseMs: number): Promise<FetchedJob[]> {
    const fetched = this.#fetchedEarly.splice(0, max);
    if (fetched.length === max) return fetched;
    const worker = this.worker(leaseMs);
    const client = await worker.backend.client;
    const token = randomUUID();
    while (fetched.length < max) {
      const size = Math.min(this.#fetchSize, max - fetched.length);
      const jobs = await inOneWrite(client, () => Promise.all(Array.from({ length: size }, () => this.#next(worker, token, false))));
      const found = jobs.filter((job) => job !== undefined);
      fetched.push(...found.map((job) => ({ job, token })));
      if (found.length < size) {
        this.#fetchSize = FIRST_FETCH;
        break;
      }
      this.#fetchSize = size * 4;
    }
    return fetched;
  }

  /** Resolves when a job may be due, after `ms`, or when `signal` aborts. */
  wait(ms: number, leaseMs: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", done);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      if (this.#isClosed || signal?.aborted) return done();
      signal?.addEventListener("abort", done);
      this.#waiting.add(done);
      this.#blocking ??= this.#block(leaseMs).finally(() => (this.#blocking = null));
    });
  }

  /** Returns jobs that arrived for a claim that has ended. */
  async returnUnclaimed(): Promise<void> {
    if (this.#waiting.size > 0) return;
    await Promise.all(this.#fetchedEarly.splice(0).map(({ job, token }) => job.moveToWait(token).catch(() => undefined)));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#wakeAll();
    // While Redis is unavailable a job cannot be returned: it becomes available when its lease expires.
    await Promise.race([this.returnUnclaimed(), sleep(RETURN_MS, undefined, { ref: false })]);
    // The blocking call is not awaited: without a connection it can fetch nothing, and while Redis is unavailable BullMQ sleeps in it for seconds.
    await Promise.all([...this.#workers.values()].map((worker) => worker.close(true)));
  }

  /** One blocking call serves all waiting claims of this process. */
  async #block(leaseMs: number): Promise<void> {
    const worker = this.worker(leaseMs);
    while (this.#waiting.size > 0 && !this.#isClosed) {
      const token = randomUUID();
      try {
        const job = await this.#next(worker, token, true);
        if (job === undefined) continue;
        this.#fetchedEarly.push({ job, token });
      } catch {
        // The next fetch reports the error of the connection.
        return;
      }
      if (this.#waiting.size > 0) this.#wakeAll();
      else await this.returnUnclaimed();
    }
  }

  /** A job that BullMQ cannot parse is made readable and returned to the queue: the next fetch gets it. */
  async #next(worker: Worker, token: string, block: boolean): Promise<Job | undefined> {
    try {
      return await worker.getNextJob(token, { block });
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      await repairUnreadable(this.connection, this.queue, token);
      return undefined;
    }
  }

  #wakeAll(): void {
    for (const done of [...this.#waiting]) done();
  }
}
