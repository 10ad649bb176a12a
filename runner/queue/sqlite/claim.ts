import type { Limits } from "../../limits/limits.js";
import type { ClaimRequest } from "../backend.js";
import type { Database } from "./database.js";
import { hasKeyLimits, Lanes } from "./key-limits.js";
import { type Lease, leaseOf, type Row, type statementsFor } from "./rows.js";
import { STATE, type TableName } from "./schema.js";

/** How many messages one claim may pass by: the others go on with the next one, and no transaction is long. */
const MOST_PASSED = 2000;
const MOST_LEASE = 2 ** 48;

type Request = Pick<ClaimRequest, "most" | "leaseMs" | "limits">;

interface Claiming {
  readonly database: Database;
  readonly table: TableName;
  readonly statements: ReturnType<typeof statementsFor>;
  readonly now: number;
}

/** Inside a transaction. */
export function claimNow(claiming: Claiming, { most, leaseMs, limits }: Request): Lease[] {
  const { database, table, statements, now } = claiming;
  if (database.prepare(`SELECT since FROM ${table}_pause`).all().length > 0) return [];
  makeDue(claiming);
  const lanes = new Lanes(database, table, limits, now);
  lanes.unpark(most);
  const room = Math.min(most, lanes.roomForAll());
  if (room < 1) return [];
  const lease = Math.floor(Math.random() * MOST_LEASE);
  const until = Math.ceil(now + leaseMs);
  const rows = isChosenOneByOne(limits)
    ? (database.prepare(statements.takeChosen).all(until, lease, JSON.stringify(choose(claiming, lanes, most))) as Row[])
    : takeFirst(database.prepare(statements.takeFirst).all(until, lease, room) as Row[], lanes, limits.all !== null);
  lanes.save();
  return rows.sort(inLine).map((row) => leaseOf(row, lease));
}

/** Where it matters which key a message has, or what it weighs. */
function isChosenOneByOne(limits: Limits): boolean {
  return hasKeyLimits(limits) || (limits.all !== null && limits.all.rate !== null);
}

function takeFirst(rows: Row[], lanes: Lanes, counted: boolean): Row[] {
  if (counted) for (const _ of rows) lanes.take(null, 1);
  return rows;
}

/** What returns from an update is in no order. */
function inLine(a: Row, b: Row): number {
  return b.priority - a.priority || a.sequence - b.sequence;
}

/** Delays and leases that have ended. */
function makeDue({ database, table, statements, now }: Claiming): void {
  database.prepare(statements.wakeDelayed).run(now);
  const { changes } = database.prepare(statements.endLeases).run(now);
  if (Number(changes) > 0) database.prepare(`UPDATE ${table}_lane SET opens = ? WHERE opens > ?`).run(now, now);
}

/** Walks down the line: takes what its key has room for, and parks the others. */
function choose({ database, table }: Claiming, lanes: Lanes, most: number): number[] {
  const chosen: number[] = [];
  const line = database
    .prepare(`SELECT sequence, key, weight FROM ${table} WHERE state = ${STATE.ready} ORDER BY priority DESC, sequence LIMIT ?`)
    .all(most + MOST_PASSED);
  for (const { sequence, key, weight } of line as { sequence: number; key: string | null; weight: number }[]) {
    if (chosen.length >= most || lanes.roomForAll() < 1) break;
    if (lanes.roomFor(key) >= 1) {
      lanes.take(key, weight);
      chosen.push(sequence);
    } else lanes.park(key as string, sequence);
  }
  return chosen;
}

/** When something may be due that is not now; infinite when nothing is expected. A read. */
export function nextDue({ database, table, now }: Omit<Claiming, "statements">, limits: Limits): number {
  if (database.prepare(`SELECT since FROM ${table}_pause`).all().length > 0) return Number.POSITIVE_INFINITY;
  // What was parked for a limit that is no more is due as well.
  for (const state of hasKeyLimits(limits) ? [STATE.ready] : [STATE.ready, STATE.parked]) {
    if (database.prepare(`SELECT 1 FROM ${table} WHERE state = ${state} LIMIT 1`).all().length > 0) return now;
  }
  const moments = [
    ...[STATE.delayed, STATE.leased].map((state) => `SELECT min(due) AS at FROM ${table} WHERE state = ${state} AND due IS NOT NULL`),
    `SELECT min(opens) AS at FROM ${table}_lane WHERE opens IS NOT NULL`,
  ].map((sql) => (database.prepare(sql).all()[0] as { at: number | null }).at);
  return Math.min(...moments.map((moment) => moment ?? Number.POSITIVE_INFINITY));
}
