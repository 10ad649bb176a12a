import type { Driver } from "../sqlite/driver.js";
import { prepared } from "./prepared.js";
import { OUTCOMES } from "./schema.js";

export interface MeasuredTime {
  readonly goodMs: number;
  readonly badMs: number;
  readonly results: number;
}

const ERROR = OUTCOMES.indexOf("error");
const MEASURED = ["ok", "warning", "error"].map((outcome) => OUTCOMES.indexOf(outcome as (typeof OUTCOMES)[number]));
const HOUR_MS = 3_600_000;

const BY_HOUR = "SELECT sum(good_ms) AS good, sum(bad_ms) AS bad, sum(ok + warning + error) AS results FROM hours WHERE check_id = ? AND hour >= ?";
const FIRST = `SELECT (SELECT min(at) FROM results WHERE check_id = ?) AS at, (SELECT min(hour) FROM hours WHERE check_id = ?) AS hour,
  (SELECT min(day) FROM days WHERE check_id = ?) AS day`;
const BY_RESULT = "SELECT at, outcome FROM results WHERE check_id = ? AND at >= ? ORDER BY at";

/** When a check was first measured; null: never. Results are kept for some days only, and hours for longer. */
export function firstMeasured(driver: Driver, check: number): number | null {
  const [row] = prepared(driver, FIRST).all(check, check, check) as { at: number | null; hour: number | null; day: number | null }[];
  const oldest = [row?.hour, row?.day].filter((moment) => typeof moment === "number");
  const at = row?.at ?? null;
  // An hour begins before its first result.
  if (at !== null && oldest.every((moment) => moment >= Math.floor(at / HOUR_MS) * HOUR_MS)) return at;
  return oldest.length === 0 ? at : Math.min(...oldest);
}

/** From the counts by hour: the first hour counts as a whole. */
export function measuredByHour(driver: Driver, check: number, since: number): MeasuredTime {
  const [row] = prepared(driver, BY_HOUR).all(check, Math.floor(since / HOUR_MS) * HOUR_MS) as {
    good: number | null;
    bad: number | null;
    results: number | null;
  }[];
  return { goodMs: row?.good ?? 0, badMs: row?.bad ?? 0, results: row?.results ?? 0 };
}

/** From the results: each stands for the time since the one before it, at most for a slot. */
export function measuredResults(driver: Driver, check: number, since: number, slotMs: number): MeasuredTime {
  const rows = prepared(driver, BY_RESULT).all(check, since) as { at: number; outcome: number }[];
  let goodMs = 0;
  let badMs = 0;
  let results = 0;
  for (const [index, { at, outcome }] of rows.entries()) {
    if (!MEASURED.includes(outcome)) continue;
    const weightMs = Math.min(slotMs, at - (rows[index - 1]?.at ?? at - slotMs));
    results += 1;
    if (outcome === ERROR) badMs += weightMs;
    else goodMs += weightMs;
  }
  return { goodMs, badMs, results };
}
