import type { Driver } from "../sqlite/driver.js";
import type { IncidentRow } from "./days.js";
import type { StoredOutcome } from "./history.js";
import { prepared } from "./prepared.js";
import { OUTCOMES } from "./schema.js";

export interface StoredResult {
  readonly at: number;
  readonly outcome: StoredOutcome;
  /** Null: it was not run, or not to its end. */
  readonly durationMs: number | null;
}

export interface Evidence {
  readonly at: number;
  readonly reason: string;
  /** What the probe found, as JSON. */
  readonly output: string | null;
}

const INCIDENTS = `SELECT key, name, number, opened_at, closed_at, is_flapping, reason
  FROM incidents JOIN checks ON checks.id = check_id WHERE check_id = ? ORDER BY opened_at DESC LIMIT ?`;
const EVIDENCE = "SELECT at, reason, output FROM evidence WHERE check_id = ? ORDER BY at DESC LIMIT 1";
const RESULTS = "SELECT at, outcome, duration_us FROM results WHERE check_id = ? AND at < ? ORDER BY at DESC LIMIT ?";

/** The newest first. */
export function incidentsOfCheck(driver: Driver, check: number, most: number): IncidentRow[] {
  return prepared(driver, INCIDENTS).all(check, most) as IncidentRow[];
}

/** Of the newest result that was not ok; null without one. */
export function newestEvidence(driver: Driver, check: number): Evidence | null {
  return (prepared(driver, EVIDENCE).all(check) as Evidence[])[0] ?? null;
}

/** Results that began before this moment, the newest first. */
export function resultsBefore(driver: Driver, check: number, before: number, most: number): StoredResult[] {
  const rows = prepared(driver, RESULTS).all(check, before, most) as { at: number; outcome: number; duration_us: number | null }[];
  return rows.map(({ at, outcome, duration_us: microseconds }) => ({
    at,
    outcome: OUTCOMES[outcome] as StoredOutcome,
    durationMs: microseconds === null ? null : microseconds / 1000,
  }));
}
