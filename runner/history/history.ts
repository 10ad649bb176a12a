import type { Driver, Statement } from "../sqlite/driver.js";
import { inTransaction } from "../sqlite/transaction.js";
import { openHistoryFile } from "./open-history.js";
import { OUTCOMES } from "./schema.js";

export type StoredOutcome = (typeof OUTCOMES)[number];

export interface StoredCheck {
  readonly id: number;
  readonly key: string;
  readonly name: string;
  /** What the watch keeps of it, as JSON. */
  readonly state: string;
}

export interface Notification {
  /** The same whenever the same change is sent. */
  readonly id: string;
  readonly receiver: string;
  readonly body: string;
}

/** Notifications of one receiver that are sent together: the same ones in each attempt. */
export interface WaitingBatch {
  readonly receiver: string;
  /** The oldest first. */
  readonly notifications: readonly Notification[];
  readonly attempt: number;
}

interface OutboxRow extends Notification {
  readonly place: number;
  readonly attempt: number;
  readonly due: number;
  readonly batch: number | null;
}

/** One result with everything that follows from it. */
export interface Entry {
  readonly check: number;
  readonly at: number;
  readonly outcome: StoredOutcome;
  /** Null: it was not run, or not to its end. */
  readonly durationMs: number | null;
  /** The time for which it stands. */
  readonly weightMs: number;
  /** Of what is not ok: why, and what the probe found. */
  readonly evidence: { readonly reason: string; readonly output: string | null } | null;
  readonly before: string;
  readonly state: string;
  readonly incident: StoredIncident | null;
  readonly notifications: readonly Notification[];
}

export interface StoredIncident {
  readonly number: number;
  readonly openedAt: number;
  readonly closedAt: number | null;
  readonly isFlapping: boolean;
  readonly reason: string | null;
}

const STATEMENTS = {
  addCheck: "INSERT INTO checks (key, suite, name, state) VALUES (?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET name = excluded.name",
  checks: "SELECT id, key, name, state FROM checks WHERE suite = ? ORDER BY id",
  forgetCheck: "DELETE FROM checks WHERE id = ?",
  addResult: "INSERT INTO results (check_id, at, outcome, duration_us) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
  addEvidence: "INSERT INTO evidence (check_id, at, reason, output) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
  makeUnknown: "UPDATE results SET outcome = ? WHERE check_id = ? AND at = ? AND outcome = ?",
  recount: "UPDATE hours SET error = error - 1, unknown = unknown + 1 WHERE check_id = ? AND hour = ?",
  setState: "UPDATE checks SET state = ? WHERE id = ? AND state = ?",
  setIncident:
    "INSERT INTO incidents (check_id, number, opened_at, closed_at, is_flapping, reason) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (check_id, number) DO UPDATE SET closed_at = excluded.closed_at, is_flapping = excluded.is_flapping",
  addToOutbox: "INSERT INTO outbox (id, receiver, body, due) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
  waitingOf: "SELECT rowid AS place, id, receiver, body, attempt, due, batch FROM outbox WHERE ended_at IS NULL AND receiver = ? ORDER BY rowid LIMIT ?",
  join: "UPDATE outbox SET batch = ? WHERE rowid = ?",
  waiting: "SELECT count(*) AS count FROM outbox WHERE ended_at IS NULL",
  postpone: "UPDATE outbox SET due = ?, attempt = attempt + 1 WHERE id = ? AND receiver = ?",
  endNotification: "UPDATE outbox SET ended_at = ? WHERE id = ? AND receiver = ?",
} as const;

const UNKNOWN = OUTCOMES.indexOf("unknown");
const ERROR = OUTCOMES.indexOf("error");
const HOUR_MS = 3_600_000;

/** Another process has written the same check: two watches of one file would tell everything twice. */
export class HistoryTaken extends Error {
  override readonly name = "HistoryTaken";
}

/** Results, states, incidents and notifications of a watch, in one SQLite file. A result and what follows from it are stored together. */
export class History {
  readonly driver: Driver;
  readonly #statements: Readonly<Record<keyof typeof STATEMENTS, Statement>>;
  readonly #hours: ReadonlyMap<StoredOutcome, Statement>;

  /** IN_MEMORY for one that ends with the process. */
  constructor(path: string) {
    this.driver = openHistoryFile(path);
    const prepared = Object.entries(STATEMENTS).map(([name, sql]) => [name, this.driver.prepare(sql)]);
    this.#statements = Object.fromEntries(prepared) as Record<keyof typeof STATEMENTS, Statement>;
    this.#hours = new Map(OUTCOMES.map((outcome) => [outcome, this.driver.prepare(countSql(outcome))]));
  }

  /** The checks of a suite, those that are new with their first state. */
  checks(suite: string, wanted: readonly { readonly key: string; readonly name: string }[], firstState: string): StoredCheck[] {
    return inTransaction(this.driver, () => {
      const known = new Set((this.#statements.checks.all(suite) as StoredCheck[]).map(({ key, name }) => `${key} ${name}`));
      // Nothing is written without need: a watch can begin with a disk that is full.
      for (const { key, name } of wanted) if (!known.has(`${key} ${name}`)) this.#statements.addCheck.run(key, suite, name, firstState);
      return this.#statements.checks.all(suite) as StoredCheck[];
    });
  }

  /** False: this result is there already, and nothing is changed. */
  add(entry: Entry, now: number): boolean {
    return inTransaction(this.driver, () => {
      const { check, at, outcome, durationMs, weightMs, evidence } = entry;
      const microseconds = durationMs === null ? null : Math.round(durationMs * 1000);
      if (Number(this.#statements.addResult.run(check, at, OUTCOMES.indexOf(outcome), microseconds).changes) === 0) return false;
      if (evidence !== null) this.#statements.addEvidence.run(check, at, evidence.reason, evidence.output);
      const [good, bad] = outcome === "error" ? [0, weightMs] : outcome === "ok" || outcome === "warning" ? [weightMs, 0] : [0, 0];
      this.#hours.get(outcome)?.run(check, Math.floor(at / HOUR_MS) * HOUR_MS, microseconds ?? 0, good, bad);
      this.#change(entry, now);
      return true;
    });
  }

  /** A change that no result brought, as of a check that was removed. */
  change(entry: Pick<Entry, "check" | "before" | "state" | "incident" | "notifications">, now: number): void {
    inTransaction(this.driver, () => this.#change(entry, now));
  }

  /** These results are unknown after all. */
  takeBack({ check, before, state }: Pick<Entry, "check" | "before" | "state">, ats: readonly number[]): void {
    inTransaction(this.driver, () => {
      for (const at of ats)
        if (Number(this.#statements.makeUnknown.run(UNKNOWN, check, at, ERROR).changes) > 0)
          this.#statements.recount.run(check, Math.floor(at / HOUR_MS) * HOUR_MS);
      this.#change({ check, before, state, incident: null, notifications: [] }, 0);
    });
  }

  forget(check: number): void {
    this.#statements.forgetCheck.run(check);
  }

  remind(notifications: readonly Notification[], now: number): void {
    inTransaction(this.driver, () => this.notify(notifications, now));
  }

  /** Adds to the outbox, within a transaction of the caller. */
  notify(notifications: readonly Notification[], now: number): void {
    for (const { id, receiver, body } of notifications) this.#statements.addToOutbox.run(id, receiver, body, now);
  }

  /**
   * The oldest that a receiver has not taken, with those that came within `waitMs` after it; null if nothing is due. The ones after them wait: a
   * recovery must not arrive before its incident.
   */
  batch(receiver: string, { most, waitMs }: { readonly most: number; readonly waitMs: number }, now: number): WaitingBatch | null {
    const rows = this.#statements.waitingOf.all(receiver, most) as OutboxRow[];
    const [first] = rows;
    if (first === undefined || first.due + (first.batch === null ? waitMs : 0) > now) return null;
    const together = rows.filter(({ batch }) => batch === first.batch);
    const isJoined = first.batch !== null || most === 1 || this.#join(first.place, together);
    return { receiver, attempt: first.attempt, notifications: (isJoined ? together : [first]).map(({ id, body }) => ({ id, receiver, body })) };
  }

  /** The number of notifications that were not taken yet. */
  waiting(): number {
    return Number((this.#statements.waiting.all() as { count: number }[])[0]?.count);
  }

  /** It is sent again from this moment on. */
  postpone({ receiver, notifications }: WaitingBatch, due: number): void {
    inTransaction(this.driver, () => {
      for (const { id } of notifications) this.#statements.postpone.run(Math.ceil(due), id, receiver);
    });
  }

  /** It was taken, or never will be. */
  end({ receiver, notifications }: WaitingBatch, now: number): void {
    inTransaction(this.driver, () => {
      for (const { id } of notifications) this.#statements.endNotification.run(now, id, receiver);
    });
  }

  close(): void {
    this.driver.close();
  }

  /** False: the file cannot be written. What cannot be sent again as the same batch is sent one by one. */
  #join(batch: number, rows: readonly OutboxRow[]): boolean {
    try {
      inTransaction(this.driver, () => {
        for (const { place } of rows) this.#statements.join.run(batch, place);
      });
      return true;
    } catch {
      return false;
    }
  }

  #change({ check, before, state, incident, notifications }: Pick<Entry, "check" | "before" | "state" | "incident" | "notifications">, now: number): void {
    if (Number(this.#statements.setState.run(state, check, before).changes) === 0)
      throw new HistoryTaken("another process writes to this history: one watch a file");
    if (incident !== null)
      this.#statements.setIncident.run(check, incident.number, incident.openedAt, incident.closedAt, Number(incident.isFlapping), incident.reason);
    this.notify(notifications, now);
  }
}

function countSql(outcome: StoredOutcome): string {
  return `INSERT INTO hours (check_id, hour, ${outcome}, duration_us, good_ms, bad_ms) VALUES (?, ?, 1, ?, ?, ?) ON CONFLICT (check_id, hour) DO UPDATE SET ${outcome} = ${outcome} + 1, duration_us = duration_us + excluded.duration_us, good_ms = good_ms + excluded.good_ms, bad_ms = bad_ms + excluded.bad_ms`;
}
