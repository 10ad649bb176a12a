import type { Driver } from "../sqlite/driver.js";
import { DAY_MS } from "./daily.js";
import { prepared } from "./prepared.js";

/** Results of one check on one day, in UTC. */
export interface DayCount {
  readonly check: number;
  /** When the day begins: milliseconds since 1970. */
  readonly day: number;
  readonly fine: number;
  readonly failed: number;
  /** Not measured: unknown, suppressed or maintenance. */
  readonly unmeasured: number;
}

export interface IncidentRow {
  readonly key: string;
  readonly name: string;
  readonly number: number;
  readonly opened_at: number;
  readonly closed_at: number | null;
  readonly is_flapping: number;
  readonly reason: string | null;
}

const BY_DAY = `SELECT check_id AS "check", day, ok + warning AS fine, error AS failed, unknown + suppressed + maintenance AS unmeasured
  FROM days WHERE check_id IN (SELECT value FROM json_each(?)) AND day >= ?`;
/** Of the days that are not added up yet. */
const BY_HOUR = `SELECT check_id AS "check", hour / ${DAY_MS} * ${DAY_MS} AS day, sum(ok + warning) AS fine, sum(error) AS failed,
  sum(unknown + suppressed + maintenance) AS unmeasured
  FROM hours WHERE check_id IN (SELECT value FROM json_each(?)) AND hour >= ?
  AND NOT EXISTS (SELECT 1 FROM days WHERE days.check_id = hours.check_id AND day = hour / ${DAY_MS} * ${DAY_MS}) GROUP BY check_id, day`;

/** The days of these checks from this moment on. */
export function dayCounts(driver: Driver, checks: readonly number[], since: number): DayCount[] {
  const given = [JSON.stringify(checks), since] as const;
  return prepared(driver, `${BY_DAY} UNION ALL ${BY_HOUR}`).all(...given, ...given) as DayCount[];
}

/** The newest first. */
export function recentIncidents(driver: Driver, suite: string, most: number): IncidentRow[] {
  const sql = `SELECT key, name, number, opened_at, closed_at, is_flapping, reason
    FROM incidents JOIN checks ON checks.id = check_id WHERE suite = ? ORDER BY opened_at DESC LIMIT ?`;
  return prepared(driver, sql).all(suite, most) as IncidentRow[];
}
