import { setTimeout as sleep } from "node:timers/promises";
import type { Driver, Statement } from "../../sqlite/driver.js";
import { QueueError } from "../queue-error.js";
import { asQueueError, isBusy } from "./errors.js";
import type { StoreClock } from "./store-clock.js";

/** How long others may keep the file before that is told as an error. */
const MOST_BUSY_MS = 30_000;
/** Where the disk takes longer than this, a commit waits a moment for others to join it. */
const SLOW_COMMIT_MS = 4;
const LINGER_MS = 1;

interface Pending {
  readonly work: () => unknown;
  readonly isDurable: boolean;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/**
 * One connection, its prepared statements, and its transactions. Everything that is asked for in the same moment is committed
 * together: the disk is made sure of once for all of them.
 */
export class Database {
  readonly #statements = new Map<string, Statement>();
  #pending: Pending[] = [];
  #flushing: Promise<void> | null = null;
  #commitMs = 0;
  #synchronous = "";
  #isClosed = false;

  constructor(
    readonly path: string,
    readonly driver: Driver,
    readonly clock: StoreClock,
  ) {}

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
   * Runs `work` in a transaction that others may share, and resolves when it is committed; `isDurable` when it is on the disk as
   * well. `work` may be run twice, the first time rolled back: it must keep nothing outside of its result.
   */
  write<Result>(work: () => Result, isDurable: boolean): Promise<Result> {
    this.#assertOpen();
    return new Promise<Result>((resolve, reject) => {
      this.#pending.push({ work, isDurable, resolve: resolve as (value: unknown) => void, reject });
      this.#flushing ??= this.#flush();
    });
  }

  /** After what was begun. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    while (this.#flushing !== null) await this.#flushing;
    this.#isClosed = true;
    this.#emptyLog();
    this.#statements.clear();
    this.driver.close();
  }

  /** libsql lets go of the file only with its last statement: without this, the log would stay beside it. */
  #emptyLog(): void {
    try {
      this.driver.prepare("PRAGMA wal_checkpoint(TRUNCATE)").all();
    } catch {
      // Another process reads or writes just now, or the disk is full: what is in the log stays there, and is read from there.
    }
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new QueueError("closed", `${this.path} has been closed`);
  }

  async #flush(): Promise<void> {
    if (this.#commitMs > SLOW_COMMIT_MS && this.#pending[0]?.isDurable) await sleep(LINGER_MS);
    else await new Promise(setImmediate);
    const batch = this.#pending;
    this.#pending = [];
    await this.#settleBatch(batch);
    this.#flushing = this.#pending.length > 0 ? this.#flush() : null;
  }

  async #settleBatch(batch: readonly Pending[]): Promise<void> {
    try {
      const results = await this.#transaction(batch);
      for (const [index, { resolve }] of batch.entries()) resolve(results[index]);
    } catch (error) {
      // One of them spoils the transaction of all: on its own, only the guilty one fails.
      if (batch.length > 1 && !isBusy(error)) for (const pending of batch) await this.#settleBatch([pending]);
      else for (const { reject } of batch) reject(asQueueError(error, this.path));
    }
  }

  async #transaction(batch: readonly Pending[]): Promise<unknown[]> {
    this.#setSynchronous(batch.some(({ isDurable }) => isDurable) ? "FULL" : "NORMAL");
    await this.#begin();
    try {
      const results = batch.map(({ work }) => work());
      const began = performance.now();
      this.driver.exec("COMMIT");
      this.#commitMs = performance.now() - began;
      return results;
    } catch (error) {
      this.#rollBack();
      throw error;
    }
  }

  #setSynchronous(level: "FULL" | "NORMAL"): void {
    if (this.#synchronous === level) return;
    this.driver.exec(`PRAGMA synchronous = ${level}`);
    this.#synchronous = level;
  }

  /** Waits for other processes without keeping this one from its work: SQLite's own waiting would stop every probe that runs. */
  async #begin(): Promise<void> {
    const began = performance.now();
    for (let pauseMs = 0.5; ; pauseMs = Math.min(pauseMs * 2, 16)) {
      try {
        this.driver.exec("BEGIN IMMEDIATE");
        return;
      } catch (error) {
        if (!isBusy(error) || performance.now() - began > MOST_BUSY_MS) throw error;
      }
      await sleep(pauseMs * (0.5 + Math.random()));
    }
  }

  #rollBack(): void {
    try {
      this.driver.exec("ROLLBACK");
    } catch {
      // A full disk or a broken file ends the transaction by itself.
    }
  }
}
