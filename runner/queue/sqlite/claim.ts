import type { Limits } from "../../limits/limits.js";
import type { ClaimRequest } from "../backend.js";
import type { Database } from "./database.js";
import { hasKeyLimits, KeyLimits } from "./key-limits.js";
import { type Lease, leaseOf, type Row, type statementsFor } from "./rows.js";
import { STATE, type TableName } from "./schema.js";

/** How many messages one claim may skip, so that no transaction takes long; the next claim continues after them. */
const MAX_SKIPPED = 2000;
/** How many messages a claim reads at a time beyond those it may take. */
const READ_AHEAD = 16;
const MAX_LEASE = 2 ** 48;

type Request = Pick<ClaimRequest, "max" | "leaseMs" | "limits">;

interface Claiming {
  readonly database: Database;
  readonly table: TableName;
  readonly statements: ReturnType<typeof statementsFor>;
  readonly now: number;
}

/** Runs inside a transaction. */
export function claimNow(claiming: Claiming, { max, leaseMs, limits }: Request): Lease[] {
  const { database, table, statements, now } = claiming;
  if (database.prepare(`SELECT since FROM ${table}_pause`).all().length > 0) return [];
  makeDue(claiming);
  const keyLimits = new KeyLimits(database, table, limits, now);
  keyLimits.unpark(max);
  const room = Math.min(max, keyLimits.remaining());
  if (room < 1) return [];
  const lease = Math.floor(Math.random() * MAX_LEASE);
  const until = Math.ceil(now + leaseMs);
  const rows = isChosenOneByOne(limits)
    ? (database.prepare(statements.takeChosen).all(until, lease, JSON.stringify(choose(claiming, keyLimits, max))) as Row[])
    : countAll(database.prepare(statements.takeFirst).all(until, lease, room) as Row[], keyLimits, limits.all !== null);
  keyLimits.save();
  return rows.sort(byClaimOrder).map((row) => leaseOf(row, lease));
}

/** Whether the key or the weight of each message matters. */
function isChosenOneByOne(limits: Limits): boolean {
  return hasKeyLimits(limits) || (limits.all !== null && limits.all.rate !== null);
}

function countAll(rows: Row[], keyLimits: KeyLimits, isCounted: boolean): Row[] {
  if (isCounted) for (const _ of rows) keyLimits.acquire(null, 1);
  return rows;
}

/** An UPDATE returns its rows in no particular order. */
function byClaimOrder(a: Row, b: Row): number {
  return b.priority - a.priority || a.sequence - b.sequence;
}

/** Ends expired delays and leases. */
function makeDue({ database, table, statements, now }: Claiming): void {
  database.prepare(statements.wakeDelayed).run(now);
  const { changes } = database.prepare(statements.endLeases).run(now);
  if (Number(changes) > 0) database.prepare(`UPDATE ${table}_lane SET opens = ? WHERE opens > ?`).run(now, now);
}

/** Goes through the messages in order: takes those within the limits of their keys, and parks the others. */
function choose({ database, table }: Claiming, keyLimits: KeyLimits, max: number): number[] {
  const chosen: number[] = [];
  // Parked messages are no longer ready, so the next page starts after the chosen ones. Most claims need one page.
  const page = database.prepare(`SELECT sequence, key, weight FROM ${table} WHERE state = ${STATE.ready} ORDER BY priority DESC, sequence LIMIT ? OFFSET ?`);
  for (let seen = 0; seen < max + MAX_SKIPPED; ) {
    const size = Math.min(max + READ_AHEAD, max + MAX_SKIPPED - seen);
    const ready = page.all(size, chosen.length) as { sequence: number; key: string | null; weight: number }[];
    for (const { sequence, key, weight } of ready) {
      if (chosen.length >= max || keyLimits.remaining() < 1) return chosen;
      if (keyLimits.remainingFor(key) >= 1) {
        keyLimits.acquire(key, weight);
        chosen.push(sequence);
      } else keyLimits.park(key as string, sequence);
    }
    if (ready.length < size) break;
    seen += size;
  }
  return chosen;
}

/** The next time at which a message may become due; infinite if none is expected. Only reads. */
export function nextDue({ database, table, now }: Omit<Claiming, "statements">, limits: Limits): number {
  if (database.prepare(`SELECT since FROM ${table}_pause`).all().length > 0) return Number.POSITIVE_INFINITY;
  // Messages that were parked for a limit that no longer exists are due as well.
  for (const state of hasKeyLimits(limits) ? [STATE.ready] : [STATE.ready, STATE.parked]) {
    if (database.prepare(`SELECT 1 FROM ${table} WHERE state = ${state} LIMIT 1`).all().length > 0) return now;
  }
  const moments = [
    ...[STATE.delayed, STATE.leased].map((state) => `SELECT min(due) AS at FROM ${table} WHERE state = ${state} AND due IS NOT NULL`),
    `SELECT min(opens) AS at FROM ${table}_lane WHERE opens IS NOT NULL`,
  ].map((sql) => (database.prepare(sql).all()[0] as { at: number | null }).at);
  return Math.min(...moments.map((moment) => moment ?? Number.POSITIVE_INFINITY));
}
