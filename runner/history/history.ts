import type { Driver, Statement } from "../sqlite/driver.js";
import { inTransaction } from "../sqlite/transaction.js";
import { HistoryLost } from "./history-lost.js";
import { openHistoryFile } from "./open-history.js";
import { type OperationTime, OperationTimes } from "./operation-times.js";
import { type Notification, Outbox } from "./outbox.js";
import { prepared } from "./prepared.js";
import { OUTCOMES } from "./schema.js";

export type StoredOutcome = (typeof OUTCOMES)[number];

export interface StoredCheck {
  readonly id: number;
  readonly key: string;
  readonly name: string;
  /** What the watch keeps of it, as JSON. */
  readonly state: string;
}

/** A new state of a check, and what follows from it. */
export interface StateChange {
  readonly check: number;
  readonly state: string;
  readonly incident: StoredIncident | null;
  readonly notifications: readonly Notification[];
}

/** One result with everything that follows from it. */
export interface Entry extends StateChange {
  readonly at: number;
  readonly outcome: StoredOutcome;
  /** Null: it was not run, or not to its end. */
  readonly durationMs: number | null;
  /** The time for which it stands. */
  readonly weightMs: number;
  /** Of what is not ok: why, and what the probe found. */
  readonly evidence: { readonly reason: string; readonly output: string | null } | null;
  readonly operations?: readonly OperationTime[];
  /** The state did not know a result of this moment or a later one. */
  readonly isNew?: boolean;
}

export interface StoredIncident {
  readonly number: number;
  readonly openedAt: number;
  readonly closedAt: number | null;
  readonly isFlapping: boolean;
  readonly reason: string | null;
}

/** Not one of a check that was forgotten: its results are kept for a while. */
const NEW_ID = `1 + max(${["checks", "results", "evidence", "hours", "days", "incidents"]
  .map((table) => `coalesce((SELECT max(${table === "checks" ? "id" : "check_id"}) FROM ${table}), 0)`)
  .join(", ")})`;
const ADD_CHECK = `INSERT INTO checks (id, key, suite, name, state) VALUES (${NEW_ID}, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET name = excluded.name`;
const RENAME_CHECK = "UPDATE checks SET key = ? WHERE key = ?";
const CHECKS = "SELECT id, key, name, state FROM checks WHERE suite = ? ORDER BY id";
const FORGET_CHECK = "DELETE FROM checks WHERE id = ?";
const ADD_RESULT = "INSERT INTO results (check_id, at, outcome, duration_us) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING";
const REPLACE_RESULT = "UPDATE results SET outcome = ?, duration_us = ? WHERE check_id = ? AND at = ?";
const REMOVE_EVIDENCE = "DELETE FROM evidence WHERE check_id = ? AND at = ?";
const ADD_EVIDENCE = "INSERT INTO evidence (check_id, at, reason, output) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING";
const FAILURES_SINCE = `SELECT at, (SELECT max(earlier.at) FROM results AS earlier WHERE earlier.check_id = results.check_id AND earlier.at < results.at) AS before
  FROM results WHERE check_id = ? AND at >= ? AND outcome = ?`;
const MAKE_UNKNOWN = "UPDATE results SET outcome = ? WHERE check_id = ? AND at = ?";
const RECOUNT = "UPDATE hours SET error = error - 1, unknown = unknown + 1, bad_ms = max(0, bad_ms - ?) WHERE check_id = ? AND hour = ?";
const SET_STATE = "UPDATE checks SET state = ? WHERE id = ? AND state = ?";
const SET_INCIDENT =
  "INSERT INTO incidents (check_id, number, opened_at, closed_at, is_flapping, reason) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (check_id, number) DO UPDATE SET closed_at = excluded.closed_at, is_flapping = excluded.is_flapping";

const UNKNOWN = OUTCOMES.indexOf("unknown");
const ERROR = OUTCOMES.indexOf("error");
const HOUR_MS = 3_600_000;

/** Results, states, incidents and notifications of a watch, in one SQLite file. A result and what follows from it are stored together. */
export class History {
  readonly driver: Driver;
  readonly outbox: Outbox;
  readonly times = new OperationTimes();
  /** The state of each check as the file has it: a file that has another one was written by another process. */
  readonly #states = new Map<number, string>();
  /** The same for what the transaction that is open has written; null outside of one. */
  #written: Map<number, string> | null = null;
  /** What is done once the transaction that is open is stored. */
  #measured: (() => void)[] = [];

  /** IN_MEMORY for one that ends with the process. */
  constructor(path: string) {
    this.driver = openHistoryFile(path);
    this.outbox = new Outbox(this.driver, (work) => this.together(work));
  }

  /** All that `work` writes is stored, or nothing of it. Within another one, it is part of that. */
  together<Result>(work: () => Result): Result {
    if (this.#written !== null) return work();
    const written = new Map<number, string>();
    this.#written = written;
    this.#measured = [];
    try {
      const result = inTransaction(this.driver, work);
      for (const [check, state] of written) this.#states.set(check, state);
      for (const add of this.#measured) add();
      return result;
    } finally {
      this.#written = null;
    }
  }

  /** The checks of a suite, those that are new with their first state. */
  checks(suite: string, wanted: readonly { readonly key: string; readonly name: string }[], firstState: string): StoredCheck[] {
    return this.together(() => {
      const known = new Set((this.#sql(CHECKS).all(suite) as StoredCheck[]).map(({ key, name }) => `${key} ${name}`));
      // Nothing is written without need: a watch can begin with a disk that is full.
      for (const { key, name } of wanted) if (!known.has(`${key} ${name}`)) this.#sql(ADD_CHECK).run(key, suite, name, firstState);
      const checks = this.#sql(CHECKS).all(suite) as StoredCheck[];
      for (const { id, state } of checks) this.#written?.set(id, state);
      return checks;
    });
  }

  /** A check whose key follows from its id keeps what was stored under the key of its name. */
  rename(suite: string, checks: readonly { readonly key: string; readonly nameKey: string }[]): void {
    this.together(() => {
      const known = new Set((this.#sql(CHECKS).all(suite) as StoredCheck[]).map(({ key }) => key));
      for (const { key, nameKey } of checks) if (known.has(nameKey) && !known.has(key)) this.#sql(RENAME_CHECK).run(key, nameKey);
    });
  }

  /** False: this result is there already, and nothing is changed. A new one takes the place of that of the same moment before the clock was set back. */
  add(entry: Entry, now: number): boolean {
    return this.together(() => {
      const { check, at, outcome, durationMs, weightMs, evidence } = entry;
      const microseconds = durationMs === null ? null : Math.round(durationMs * 1000);
      if (Number(this.#sql(ADD_RESULT).run(check, at, OUTCOMES.indexOf(outcome), microseconds).changes) === 0) {
        if (entry.isNew !== true) return false;
        this.#sql(REPLACE_RESULT).run(OUTCOMES.indexOf(outcome), microseconds, check, at);
        this.#sql(REMOVE_EVIDENCE).run(check, at);
      }
      if (evidence !== null) this.#sql(ADD_EVIDENCE).run(check, at, evidence.reason, evidence.output);
      const [good, bad] = outcome === "error" ? [0, weightMs] : outcome === "ok" || outcome === "warning" ? [weightMs, 0] : [0, 0];
      this.#sql(countSql(outcome)).run(check, Math.floor(at / HOUR_MS) * HOUR_MS, microseconds ?? 0, good, bad);
      this.change(entry, now);
      this.#measured.push(() => this.times.add(check, at, entry.operations ?? [], now));
      return true;
    });
  }

  /** A change that may come without a result, as of a check that was removed. */
  change({ check, state, incident, notifications }: StateChange, now: number): void {
    this.together(() => {
      const before = this.#written?.get(check) ?? this.#states.get(check) ?? "";
      if (Number(this.#sql(SET_STATE).run(state, check, before).changes) === 0)
        throw new HistoryLost("another process writes to this history: one watch a file");
      this.#written?.set(check, state);
      if (incident !== null)
        this.#sql(SET_INCIDENT).run(check, incident.number, incident.openedAt, incident.closedAt, Number(incident.isFlapping), incident.reason);
      this.outbox.add(notifications, now);
    });
  }

  /** Failures since this moment are unknown after all, and the time for which they stood is not measured. */
  takeBack(check: number, state: string, since: number, slotMs: number): void {
    this.together(() => {
      for (const { at, before } of this.#sql(FAILURES_SINCE).all(check, since, ERROR) as { at: number; before: number | null }[]) {
        const weightMs = before === null ? slotMs : Math.min(slotMs, at - before);
        this.#sql(MAKE_UNKNOWN).run(UNKNOWN, check, at);
        this.#sql(RECOUNT).run(weightMs, check, Math.floor(at / HOUR_MS) * HOUR_MS);
      }
      this.change({ check, state, incident: null, notifications: [] }, 0);
    });
  }

  forget(check: number): void {
    this.#sql(FORGET_CHECK).run(check);
  }

  /** At the end: what the disk does not take is lost. */
  close(): void {
    try {
      this.times.store(this.driver, Date.now(), true);
    } finally {
      this.driver.close();
    }
  }

  #sql(text: string): Statement {
    return prepared(this.driver, text);
  }
}

function countSql(outcome: StoredOutcome): string {
  return `INSERT INTO hours (check_id, hour, ${outcome}, duration_us, good_ms, bad_ms) VALUES (?, ?, 1, ?, ?, ?) ON CONFLICT (check_id, hour) DO UPDATE SET ${outcome} = ${outcome} + 1, duration_us = duration_us + excluded.duration_us, good_ms = good_ms + excluded.good_ms, bad_ms = bad_ms + excluded.bad_ms`;
}
