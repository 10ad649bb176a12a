import type { DeadLetter, LeasedMessage } from "../backend.js";
import { readFailure } from "../last-failure.js";
import { STATE, type TableName } from "./schema.js";

/** A stored message. */
export interface Row {
  sequence: number;
  id: string;
  body: string;
  key: string | null;
  priority: number;
  attempt: number;
  failure: string | null;
  kept: string | null;
  part: number;
}

/** A lease on a row. `lease` is a new random number for each claim, which distinguishes the present holder from earlier ones. */
export interface Lease extends LeasedMessage {
  readonly sequence: number;
  readonly lease: number;
}

export function leaseOf(row: Row, lease: number): Lease {
  return {
    id: row.id,
    body: row.body,
    key: row.key,
    attempt: row.attempt,
    lastFailure: row.failure === null ? null : readFailure(row.failure),
    savedState: row.kept,
    part: row.part,
    sequence: row.sequence,
    lease,
  };
}

export function deadLetterOf(row: Row): DeadLetter {
  const failure = (row.failure === null ? null : readFailure(row.failure)) ?? { reason: "worker_died", message: "no details are stored", at: "" };
  return { id: row.id, body: row.body, key: row.key, attempts: row.attempt, failure };
}

/** Another program may have written the largest integer, to which SQLite cannot add one. */
const NEXT_ATTEMPT = "min(attempt, 1000000000) + 1";

const CLAIMED = "sequence, id, body, key, priority, attempt, failure, kept, part";

/** How many messages the statements of `pushMany` take: a call of a statement costs as much as what SQLite does for a row of it. */
export const PUSHED_TOGETHER = [32, 8, 2] as const;

/** An expired done id may be used by a new message. */
function pushInto(table: TableName, rows: number): string {
  const values = new Array<string>(rows).fill("(?, ?, ?, ?, ?, ?, ?, 0)").join(", ");
  return `INSERT INTO ${table} (id, body, key, priority, state, due, weight, attempt) VALUES ${values}
    ON CONFLICT (id) DO UPDATE SET body = excluded.body, key = excluded.key, priority = excluded.priority, state = excluded.state,
      due = excluded.due, weight = excluded.weight, attempt = 0, lease = NULL, failure = NULL, kept = NULL, part = 1 WHERE state = ${STATE.done} AND due <= ?`;
}

/** The statements that move the messages of a table. */
export function statementsFor(table: TableName) {
  return {
    push: pushInto(table, 1),
    pushMany: PUSHED_TOGETHER.map((rows) => pushInto(table, rows)),
    wakeDelayed: `UPDATE ${table} SET state = ${STATE.ready}, due = NULL WHERE state = ${STATE.delayed} AND due <= ?`,
    endLeases: `UPDATE ${table} SET state = ${STATE.ready}, due = NULL, lease = NULL, failure = NULL WHERE state = ${STATE.leased} AND due <= ?`,
    takeFirst: `UPDATE ${table} SET state = ${STATE.leased}, due = ?, lease = ?, attempt = ${NEXT_ATTEMPT} WHERE sequence IN
      (SELECT sequence FROM ${table} WHERE state = ${STATE.ready} ORDER BY priority DESC, sequence LIMIT ?)
      RETURNING ${CLAIMED}`,
    takeChosen: `UPDATE ${table} SET state = ${STATE.leased}, due = ?, lease = ?, attempt = ${NEXT_ATTEMPT} WHERE sequence IN
      (SELECT value FROM json_each(?))
      RETURNING ${CLAIMED}`,
    extend: `UPDATE ${table} SET due = ? WHERE sequence = ? AND lease = ?`,
    finish: `UPDATE ${table} SET state = ${STATE.done}, due = ?, lease = NULL, body = '', failure = NULL, kept = NULL
      WHERE lease = ? AND sequence IN (SELECT value FROM json_each(?)) RETURNING sequence`,
    retry: `UPDATE ${table} SET state = ${STATE.delayed}, due = ?, lease = NULL, failure = ? WHERE sequence = ? AND lease = ?`,
    later: `UPDATE ${table} SET state = ${STATE.delayed}, due = ?, lease = NULL, failure = NULL, attempt = attempt - 1, part = part + 1
      WHERE sequence = ? AND lease = ?`,
    keep: `UPDATE ${table} SET kept = ? WHERE sequence = ? AND lease = ?`,
    release: `UPDATE ${table} SET state = ${STATE.ready}, due = NULL, lease = NULL, attempt = attempt - 1 WHERE sequence = ? AND lease = ?`,
    bury: `UPDATE ${table} SET state = ${STATE.dead}, due = ?, lease = NULL, failure = ? WHERE sequence = ? AND lease = ?`,
    forget: `DELETE FROM ${table} WHERE sequence IN (SELECT sequence FROM ${table} WHERE state = ${STATE.done} AND due <= ? LIMIT 1000)`,
  } as const;
}
