import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Job, Worker } from "bullmq";
import type { Connection } from "./connection.js";

/** BullMQ looks for expired locks this often at most: each look goes through every active job. */
const LONGEST_STALLED_CHECK_MS = 5000;
/** How many jobs the first fetch asks for after the queue was found empty: each is a call of its own. */
const FIRST_FETCH = 4;
/** How long closing waits until fetched jobs are back in the queue. */
const PUT_BACK_MS = 1000;

/** A job that BullMQ moved to active for us, under a lock with this token. */
export interface FetchedJob {
  readonly job: Job;
  readonly token: string;
}

/** Fetches jobs by BullMQ's manual processing: Worker.getNextJob, without a processor. */
export class JobFetcher {
  /** The duration of a lock belongs to a worker. One process usually asks for one. */
  readonly #workers = new Map<number, Worker>();
  /** What arrived while a claim was waiting. */
  readonly #arrived: FetchedJob[] = [];
  readonly #waiting = new Set<() => void>();
  #blocking: Promise<void> | null = null;
  #fetchSize = FIRST_FETCH;
  #isClosed = false;

  constructor(
    readonly connection: Connection,
    readonly queueName: string,
    readonly retentionMs: number,
  ) {}

  worker(leaseMs: number): Worker {
    let worker = this.#workers.get(leaseMs);
    if (worker === undefined) {
      worker = this.connection.worker(this.queueName, {
        lockDuration: leaseMs,
        stalledInterval: Math.min(LONGEST_STALLED_CHECK_MS, Math.ceil(leaseMs / 2)),
        // Attempts are counted by the queue, and end a job that kills its workers.
        maxStalledCount: Number.MAX_SAFE_INTEGER,
        removeOnComplete: { age: this.retentionMs / 1000 },
      });
      this.#workers.set(leaseMs, worker);
      void worker.startStalledCheckTimer();
    }
    return worker;
  }

  /** Up to `most` jobs that are due, in the order of the queue. */
  async fetch(most: number, leaseMs: number): Promise<FetchedJob[]> {
    const fetched = this.#arrived.splice(0, most);
    const worker = this.worker(leaseMs);
    const token = randomUUID();
    while (fetched.length < most) {
      const size = Math.min(this.#fetchSize, most - fetched.length);
      const jobs = await Promise.all(Array.from({ length: size }, () => worker.getNextJob(token, { block: false })));
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

  /** Resolves when something may be due, after `ms`, or when `signal` aborts. */
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

  /** Puts back what arrived for a claim that has ended meanwhile. */
  async putBackArrived(): Promise<void> {
    if (this.#waiting.size > 0) return;
    await Promise.all(this.#arrived.splice(0).map(({ job, token }) => job.moveToWait(token).catch(() => undefined)));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#wakeAll();
    // While Redis is away a job cannot be put back: it comes back when its lease ends.
    await Promise.race([this.putBackArrived(), sleep(PUT_BACK_MS, undefined, { ref: false })]);
    // The blocking call is not awaited: without connections it can fetch nothing, and while Redis is away BullMQ pauses in it for seconds.
    await Promise.all([...this.#workers.values()].map((worker) => worker.close(true)));
  }

  /** One blocking call serves every claim of this process that waits. */
  async #block(leaseMs: number): Promise<void> {
    const worker = this.worker(leaseMs);
    while (this.#waiting.size > 0 && !this.#isClosed) {
      const token = randomUUID();
      try {
        const job = await worker.getNextJob(token, { block: true });
        if (job === undefined) continue;
        this.#arrived.push({ job, token });
      } catch {
        // The next fetch reports what is wrong with the connection.
        return;
      }
      if (this.#waiting.size > 0) this.#wakeAll();
      else await this.putBackArrived();
    }
  }

  #wakeAll(): void {
    for (const done of [...this.#waiting]) done();
  }
}
