import { GATHER, LINGER_MS, SATURATED, SQLITE_POLL_MS, SYNC_EVERY_MS, UNTIL_CLAIM_MS } from "../../runner/queue/timing.js";

/** What a worker does about its free slots: runner/queue/worker.ts in virtual time. */
export type ClaimState = "full" | "gathering" | "claiming" | "waiting";

/** An assumption: what the disk needs to make the log durable. */
const DISK_MS = 0.5;

/** One process: its slots, its core, and the results that wait for its next transaction. */
export class Worker {
  state: ClaimState = "full";
  free: number;
  /** When its core has done what it was given. */
  busyUntil = 0;
  awaitedFree = 0;
  gatherUntil = 0;
  waitingSince = 0;
  /** It looks at this time, because a job may start; null: it does not wait, or there is none. */
  looksAt: number | null = null;
  /** Jobs whose result is not stored. */
  results: number[] = [];
  batchFrom = 0;
  /** When they are stored without a claim; null before `batchFrom`. */
  storesAt: number | null = null;
  /** The last batch of results is on the disk. Until then the next one is not sent: runner/queue/batcher.ts. */
  #onDiskAt = 0;
  #syncBeganAt = Number.NEGATIVE_INFINITY;
  #usedMs = 0;
  #seenUsedMs = 0;
  #seenAt = 0;

  constructor(readonly concurrency: number) {
    this.free = concurrency;
  }

  /** Gives the core something to do; returns when that is done. */
  use(now: number, milliseconds: number): number {
    this.busyUntil = Math.max(now, this.busyUntil) + milliseconds;
    this.#usedMs += milliseconds;
    return this.busyUntil;
  }

  gather(now: number): void {
    const { share, mostMs } = this.#isSaturated(now) ? GATHER.saturated : GATHER.usual;
    this.state = "gathering";
    this.awaitedFree = this.concurrency * share;
    this.gatherUntil = now + mostMs;
  }

  isGathered(now: number): boolean {
    return this.free >= this.awaitedFree || now >= this.gatherUntil;
  }

  /** Adds a result; true if it is the first one, so that a batch begins at `batchFrom`. */
  addResult(job: number, at: number): boolean {
    this.results.push(job);
    if (this.results.length > 1) return false;
    this.batchFrom = Math.max(at, this.#onDiskAt);
    this.storesAt = null;
    return true;
  }

  /** The batch begins to wait for others. A claim that is on its way does not take it along, nor one that waits for jobs. */
  linger(now: number): number {
    this.storesAt = now + (this.state === "waiting" || this.state === "claiming" ? LINGER_MS : UNTIL_CLAIM_MS);
    return this.storesAt;
  }

  /** Whether a transaction at this time would take results along. */
  hasResults(now: number): boolean {
    return this.results.length > 0 && now >= this.#onDiskAt;
  }

  /** The results of a transaction that is committed at `done`. */
  takeResults(now: number, done: number): number[] {
    if (!this.hasResults(now)) return [];
    const results = this.results;
    this.results = [];
    this.#syncBeganAt = Math.max(done, this.#syncBeganAt + SYNC_EVERY_MS);
    this.#onDiskAt = this.#syncBeganAt + DISK_MS;
    return results;
  }

  /** The next time it looks for jobs, after `now`. */
  nextLook(now: number): number {
    return this.waitingSince + Math.ceil((now - this.waitingSince) / SQLITE_POLL_MS) * SQLITE_POLL_MS;
  }

  /** Whether its core was busy since it was last asked. */
  #isSaturated(now: number): boolean {
    const isSaturated = this.#usedMs - this.#seenUsedMs > SATURATED * (now - this.#seenAt);
    this.#seenUsedMs = this.#usedMs;
    this.#seenAt = now;
    return isSaturated && now > 0;
  }
}
