import { setTimeout as sleep } from "node:timers/promises";
import type { Value } from "../../sqlite/driver.js";
import type {
  Channel,
  ClaimRequest,
  Counts,
  DeadLetter,
  LeasedMessage,
  Message,
  PurgeableState,
  PushAnswer,
  SettleAnswer,
  Settlement,
  StateUpdate,
} from "../backend.js";
import { SQLITE_POLL_MS } from "../timing.js";
import { claimNow, nextDue } from "./claim.js";
import type { Database, Durability } from "./database.js";
import { deadLetterOf, type Lease, PUSHED_TOGETHER, type Row, statementsFor } from "./rows.js";
import { STATE, type TableName } from "./schema.js";
import { settleNow } from "./settle.js";

const HOUSEKEEPING_EVERY_MS = 10_000;
/** A bucket that is unused for this long is full. */
const BUCKET_IDLE_MS = 3_600_000;

/** The queue of jobs or of results in a SQLite file. */
export class SqliteChannel implements Channel {
  readonly sharesWrites = true;
  readonly #statements;
  /** Counts the writes of this process: SQLite's own counter covers only those of others. */
  #writes = 0;
  #cleanedAt = Number.NEGATIVE_INFINITY;
  #isClosed = false;
  /** The last claim got all that it asked for: the next one does not look first. */
  #mayHaveMore = false;

  constructor(
    readonly database: Database,
    readonly table: TableName,
    readonly retentionMs: number,
    /** Receives the results of these jobs. */
    readonly results: SqliteChannel | null,
  ) {
    this.#statements = statementsFor(table);
  }

  push(messages: readonly Message[]): Promise<PushAnswer[]> {
    return this.#write(() => {
      const now = this.database.clock.now();
      return messages.map((message) => this.pushNow(message, now));
    }, "immediate");
  }

  /** Runs inside a transaction. */
  pushNow(message: Message, now: number): PushAnswer {
    const { changes } = this.database.prepare(this.#statements.push).run(...rowOf(message, now), now);
    this.#writes += 1;
    return Number(changes) > 0 ? "accepted" : "duplicate";
  }

  /** The same for many, without an answer for each. */
  pushAllNow(messages: readonly Message[], now: number): void {
    let next = 0;
    for (const [index, together] of PUSHED_TOGETHER.entries()) {
      const statement = this.#statements.pushMany[index] as string;
      for (; next + together <= messages.length; next += together) {
        const values = messages.slice(next, next + together).flatMap((message) => rowOf(message, now));
        this.database.prepare(statement).run(...values, now);
        this.#writes += 1;
      }
    }
    for (const message of messages.slice(next)) this.pushNow(message, now);
  }

  async claim(request: ClaimRequest): Promise<LeasedMessage[]> {
    if (this.#isClosed) throw this.database.closedError();
    const deadline = performance.now() + request.waitMs;
    while (!this.#isClosed && request.signal?.aborted !== true) {
      if (this.#mayHaveMore) {
        const more = await this.#claimNow(request);
        if (more.length > 0) return more;
      }
      const seen = this.#version();
      const due = this.database.read(() => nextDue(this.#at(), request.limits));
      if (due <= this.database.clock.now()) {
        const claimed = await this.#claimNow(request);
        if (claimed.length > 0) return claimed;
      }
      if (performance.now() >= deadline) return [];
      await this.#waitForChange(seen, deadline, request);
    }
    return [];
  }

  extend(messages: readonly LeasedMessage[], leaseMs: number): Promise<LeasedMessage[]> {
    return this.#write(() => {
      const until = Math.ceil(this.database.clock.now() + leaseMs);
      const statement = this.database.prepare(this.#statements.extend);
      return (messages as Lease[]).filter(({ sequence, lease }) => Number(statement.run(until, sequence, lease).changes) === 0);
    }, "none");
  }

  settle(settlements: readonly Settlement[], mayWait = false): Promise<SettleAnswer[]> {
    // If a power cut undoes an acknowledgement, the event is delivered again. The end of a job must not be undone: the job would run again.
    const durability = this.results === null ? "none" : mayWait ? "grouped" : "immediate";
    return this.#write(() => {
      const at = this.#at();
      this.#removeExpired(at.now);
      const forgetAt = Math.ceil(at.now + this.retentionMs);
      return settleNow({ forgetAt, pushResults: (messages) => this.results?.pushAllNow(messages, at.now), ...at }, settlements);
    }, durability);
  }

  saveState(updates: readonly StateUpdate[]): Promise<SettleAnswer[]> {
    return this.#write(() => {
      const statement = this.database.prepare(this.#statements.keep);
      return updates.map(({ message, state }) => {
        const { sequence, lease } = message as Lease;
        return Number(statement.run(state, sequence, lease).changes) > 0 ? "stored" : "lost";
      });
    }, "immediate");
  }

  async counts(): Promise<Counts> {
    return this.database.read(() => {
      this.database.driver.exec("BEGIN");
      try {
        const now = Math.floor(this.database.clock.now());
        return this.#countsAt(now);
      } finally {
        this.database.driver.exec("COMMIT");
      }
    });
  }

  async pause(): Promise<void> {
    await this.#write(
      () =>
        this.database
          .prepare(`INSERT INTO ${this.table}_pause (since) SELECT ? WHERE NOT EXISTS (SELECT 1 FROM ${this.table}_pause)`)
          .run(this.database.clock.now()),
      "immediate",
    );
  }

  async resume(): Promise<void> {
    await this.#write(() => this.database.prepare(`DELETE FROM ${this.table}_pause`).run(), "immediate");
  }

  async deadLetters(max: number): Promise<DeadLetter[]> {
    const sql = `SELECT sequence, id, body, key, priority, attempt, failure, kept, part FROM ${this.table} WHERE state = ${STATE.dead} AND due IS NOT NULL ORDER BY due, sequence LIMIT ?`;
    return this.database.read(() => (this.database.prepare(sql).all(max) as Row[]).map(deadLetterOf));
  }

  retryDead(ids: readonly string[] | null): Promise<number> {
    const sql = `UPDATE ${this.table} SET state = ${STATE.ready}, due = NULL, attempt = 0, failure = NULL WHERE state = ${STATE.dead}`;
    return this.#write(() => {
      if (ids === null) return Number(this.database.prepare(`${sql} AND due IS NOT NULL`).run().changes);
      return ids.reduce((sum, id) => sum + Number(this.database.prepare(`${sql} AND id = ?`).run(id).changes), 0);
    }, "immediate");
  }

  purge(what: PurgeableState): Promise<number> {
    const states = PURGED[what];
    return this.#write(
      () => states.reduce((sum, state) => sum + Number(this.database.prepare(`DELETE FROM ${this.table} WHERE state = ${state}`).run().changes), 0),
      "immediate",
    );
  }

  /** Ends every wait. */
  close(): void {
    this.#isClosed = true;
  }

  #countsAt(now: number): Counts {
    const count = (condition: string, ...values: number[]): number =>
      (this.database.prepare(`SELECT count(*) AS n FROM ${this.table} WHERE ${condition}`).all(...values)[0] as { n: number }).n;
    const dueOf = (state: number): number => count(`state = ${state} AND due <= ?`, now);
    const laterOf = (state: number): number => count(`state = ${state} AND due > ?`, now);
    return {
      waiting: count(`state = ${STATE.ready}`) + count(`state = ${STATE.parked}`) + dueOf(STATE.delayed) + dueOf(STATE.leased),
      delayed: laterOf(STATE.delayed),
      leased: laterOf(STATE.leased),
      dead: count(`state = ${STATE.dead} AND due IS NOT NULL`),
      done: laterOf(STATE.done),
      isPaused: this.database.prepare(`SELECT since FROM ${this.table}_pause`).all().length > 0,
    };
  }

  async #claimNow(request: ClaimRequest): Promise<LeasedMessage[]> {
    const claimed = await this.database.write(() => claimNow(this.#at(), request), "none");
    this.#mayHaveMore = claimed.length === request.max;
    return claimed;
  }

  async #write<Result>(work: () => Result, durability: Durability): Promise<Result> {
    const result = await this.database.write(work, durability);
    this.#writes += 1;
    return result;
  }

  #at() {
    return { database: this.database, table: this.table, statements: this.#statements, now: this.database.clock.now() };
  }

  /** Changes whenever any process has written. */
  #version(): string {
    return this.database.read(() => `${(this.database.prepare("PRAGMA data_version").all()[0] as { data_version: number }).data_version}.${this.#writes}`);
  }

  async #waitForChange(seen: string, deadline: number, request: ClaimRequest): Promise<void> {
    const due = this.database.read(() => nextDue(this.#at(), request.limits));
    // Due but not claimed: the limit of all holds the message back.
    const inMs = Math.max(due - this.database.clock.now(), SQLITE_POLL_MS);
    const ends = Math.min(deadline, performance.now() + inMs);
    do await sleep(Math.min(SQLITE_POLL_MS, Math.max(1, ends - performance.now())));
    while (!this.#isClosed && request.signal?.aborted !== true && performance.now() < ends && this.#version() === seen);
  }

  #removeExpired(now: number): void {
    if (now - this.#cleanedAt < HOUSEKEEPING_EVERY_MS) return;
    this.#cleanedAt = now;
    this.database.prepare(this.#statements.forget).run(now);
    this.database.prepare(`DELETE FROM ${this.table}_lane WHERE opens IS NULL AND filled < ?`).run(now - BUCKET_IDLE_MS);
  }
}

/** The values of a statement that pushes. */
function rowOf({ id, body, key, priority, delayMs, weight = 1 }: Message, now: number): Value[] {
  const [state, due] = delayMs > 0 ? [STATE.delayed, Math.ceil(now + delayMs)] : [STATE.ready, null];
  return [id, body, key, priority, state, due, weight];
}

const PURGED: Readonly<Record<PurgeableState, readonly number[]>> = {
  waiting: [STATE.ready, STATE.delayed, STATE.parked],
  dead: [STATE.dead],
  done: [STATE.done],
};
