import { setTimeout as sleep } from "node:timers/promises";
import type { Driver, Statement } from "../../sqlite/driver.js";
import { QueueError } from "../queue-error.js";
import { asQueueError, isBusy } from "./errors.js";
import { LogSync } from "./log-sync.js";
import type { StoreClock } from "./store-clock.js";

/** How long other processes may lock the file before it is an error. */
const MAX_BUSY_WAIT_MS = 30_000;
/** If the disk takes longer than this, a commit that waits for it first waits a moment for others to join. */
const SLOW_DISK_MS = 4;
const LINGER_MS = 1;

/** When a write waits for the disk: not at all, together with other grouped ones of the next moment, or at once. */
export type Durability = "none" | "grouped" | "immediate";

interface Pending {
  readonly work: () => unknown;
  readonly durability: Durability;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** One connection with its prepared statements and transactions. Writes of the same moment are committed together, so they wait for the disk once. */
export class Database {
  readonly #statements = new Map<string, Statement>();
  #pending: Pending[] = [];
  #flushing: Promise<void> | null = null;
  readonly #log: LogSync;
  #isClosed = false;

  constructor(
    readonly path: string,
    readonly driver: Driver,
    readonly clock: StoreClock,
  ) {
    this.#log = new LogSync(`${path}-wal`, () => this.#checkpoint());
  }

  prepare(sql: string): Statement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.driver.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  read<Result>(work: () => Result): Result {
    this.#assertOpen();
    try {
      return work();
    } catch (error) {
      throw asQueueError(error, this.path);
    }
  }

  /**
   * Runs `work` in a transaction that others may share. Resolves when it is committed and, unless its durability is "none", on the disk. `work` may run
   * twice, the first time rolled back, so it must have no side effects.
   */
  write<Result>(work: () => Result, durability: Durability): Promise<Result> {
    this.#assertOpen();
    return new Promise<Result>((resolve, reject) => {
      this.#pending.push({ work, durability, resolve: resolve as (value: unknown) => void, reject });
      this.#flushing ??= this.#flush();
    });
  }

  /** Waits for pending writes. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    do {
      await this.#flushing;
      await this.#log.close();
    } while (this.#flushing !== null);
    this.#isClosed = true;
    this.#emptyLog();
    this.#statements.clear();
    this.driver.close();
  }

  /** libsql releases the file only with its last statement; without this, the log would be left beside it. */
  #emptyLog(): void {
    try {
      this.driver.prepare("PRAGMA wal_checkpoint(TRUNCATE)").all();
    } catch {
      // Another process is using the file, or the disk is full: the log remains, and is read from there.
    }
  }

  closedError(): QueueError {
    return new QueueError("closed", `${this.path} has been closed`);
  }

  #assertOpen(): void {
    if (this.#isClosed) throw this.closedError();
  }

  async #flush(): Promise<void> {
    if (this.#log.tookMs > SLOW_DISK_MS && this.#pending[0]?.durability === "immediate") await sleep(LINGER_MS);
    else await new Promise(setImmediate);
    const batch = this.#pending;
    this.#pending = [];
    await this.#settleBatch(batch);
    this.#flushing = this.#pending.length > 0 ? this.#flush() : null;
  }

  async #settleBatch(batch: readonly Pending[]): Promise<void> {
    try {
      const results = await this.#transaction(batch);
      const synced = this.#sync(batch);
      for (const [index, { durability, resolve, reject }] of batch.entries()) {
        if (durability === "none") resolve(results[index]);
        else
          synced?.then(
            () => resolve(results[index]),
            (error: unknown) => reject(asQueueError(error, this.path)),
          );
      }
    } catch (error) {
      // One failing write fails the transaction of all. Repeated separately, only that one fails.
      if (batch.length > 1 && !isBusy(error)) for (const pending of batch) await this.#settleBatch([pending]);
      else for (const { reject } of batch) reject(asQueueError(error, this.path));
    }
  }

  #sync(batch: readonly Pending[]): Promise<void> | null {
    if (batch.some(({ durability }) => durability === "immediate")) return this.#log.sync("immediate");
    return batch.some(({ durability }) => durability === "grouped") ? this.#log.sync("grouped") : null;
  }

  async #transaction(batch: readonly Pending[]): Promise<unknown[]> {
    await this.#begin();
    try {
      const results = batch.map(({ work }) => work());
      this.driver.exec("COMMIT");
      return results;
    } catch (error) {
      this.#rollBack();
      throw error;
    }
  }

  /** Throws unless all of the log was copied. */
  #checkpoint(): void {
    const { busy, log, checkpointed } = this.prepare("PRAGMA wal_checkpoint(FULL)").all()[0] as { busy: number; log: number; checkpointed: number };
    if (busy === 0 && log === checkpointed) return;
    throw new QueueError("failed", `${this.path} could not be written to the disk: check it. Messages that were accepted before remain stored`);
  }

  /** Waits for other processes asynchronously: SQLite's own busy handler would block every probe that runs. */
  async #begin(): Promise<void> {
    const began = performance.now();
    for (let pauseMs = 0.5; ; pauseMs = Math.min(pauseMs * 2, 16)) {
      try {
        this.driver.exec("BEGIN IMMEDIATE");
        return;
      } catch (error) {
        if (!isBusy(error) || performance.now() - began > MAX_BUSY_WAIT_MS) throw error;
      }
      await sleep(pauseMs * (0.5 + Math.random()));
    }
  }

  #rollBack(): void {
    try {
      this.driver.exec("ROLLBACK");
    } catch {
      // A full disk or a corrupted file ends the transaction by itself.
    }
  }
}
