import type { Driver } from "../sqlite/driver.js";
import { prepared } from "./prepared.js";
import { OUTCOMES } from "./schema.js";

/** How long each kind is kept, in milliseconds. */
export interface Keeping {
  readonly resultsMs: number;
  readonly failuresMs: number;
  readonly hoursMs: number;
}

/** Rows of one step: deleting more at once would keep the watch waiting. */
const SLICE = 10_000;
const OUTBOX_MS = 7 * 86_400_000;
const FREE_PAGES = 1000;

const OK = [OUTCOMES.indexOf("ok"), OUTCOMES.indexOf("warning")].join(", ");

/** Deletes what is older than it is kept, a slice of each kind. True: there is more. */
export function deleteOld(driver: Driver, { resultsMs, failuresMs, hoursMs }: Keeping, now: number): boolean {
  const slices: readonly (readonly [sql: string, before: number])[] = [
    [sliceOf("results", "check_id, at", `outcome IN (${OK}) AND at < ?`), now - resultsMs],
    [sliceOf("results", "check_id, at", `outcome NOT IN (${OK}) AND at < ?`), now - failuresMs],
    [sliceOf("evidence", "check_id, at", "at < ?"), now - failuresMs],
    [sliceOf("hours", "check_id, hour", "hour < ?"), now - hoursMs],
    // Days are kept, but not of a check that is no longer watched.
    [sliceOf("days", "check_id, day", "check_id NOT IN (SELECT id FROM checks) AND day < ?"), now - hoursMs],
    [sliceOf("incidents", "check_id, number", "closed_at < ?"), now - hoursMs],
    [sliceOf("certificates", "suite, fingerprint", "not_after < ?"), now - hoursMs],
    [sliceOf("outbox", "id, receiver", "ended_at < ?"), now - OUTBOX_MS],
  ];
  let isMore = false;
  for (const [sql, before] of slices) isMore = Number(prepared(driver, sql).run(before).changes) === SLICE || isMore;
  driver.exec(`PRAGMA incremental_vacuum(${FREE_PAGES})`);
  return isMore;
}

function sliceOf(table: string, key: string, condition: string): string {
  return `DELETE FROM ${table} WHERE (${key}) IN (SELECT ${key} FROM ${table} WHERE ${condition} LIMIT ${SLICE})`;
}
