import type { Driver } from "../sqlite/driver.js";
import { inTransaction } from "../sqlite/transaction.js";
import { DAY_MS } from "./daily.js";
import { LogHistogram } from "./log-histogram.js";
import { decoded, merged, type OperationHistograms } from "./operation-times.js";
import { prepared } from "./prepared.js";

interface DayRow {
  readonly day: number;
  readonly durations: string;
  readonly operations: string;
}

const HOUR_MS = 3_600_000;
/** A result may come this long after its slot began. */
const GRACE_MS = 600_000;
/** Hours of checks in one step: more at once would keep the watch waiting. */
const SLICE = 200;

const OPEN = "SELECT check_id, hour FROM hours WHERE durations IS NULL AND hour < ? LIMIT ?";
const DURATIONS = "SELECT duration_us FROM results WHERE check_id = ? AND at >= ? AND at < ? AND duration_us IS NOT NULL";
const STORE = "UPDATE hours SET durations = ? WHERE check_id = ? AND hour = ?";
const STORED = "SELECT durations FROM hours WHERE check_id = ? AND hour >= ? AND durations IS NOT NULL";
const DAYS = "SELECT day, durations, operations FROM days WHERE check_id = ? AND day >= ? ORDER BY day";
const OPERATIONS = "SELECT operations FROM hours WHERE check_id = ? AND hour >= ? AND operations IS NOT NULL";
const UNSTORED = `SELECT results.duration_us AS duration_us FROM results JOIN hours ON hours.check_id = results.check_id AND hours.hour = at / ${HOUR_MS} * ${HOUR_MS}
  WHERE results.check_id = ? AND at >= ? AND durations IS NULL AND results.duration_us IS NOT NULL`;

/** Stores a histogram of the durations of each hour that is over, a slice at a time. It follows from the results, so it may be done again. True: there is more. */
export function rollUp(driver: Driver, now: number): boolean {
  const open = prepared(driver, OPEN).all(now - HOUR_MS - GRACE_MS, SLICE) as { check_id: number; hour: number }[];
  if (open.length === 0) return false;
  inTransaction(driver, () => {
    for (const { check_id: check, hour } of open) {
      const durations = prepared(driver, DURATIONS).all(check, hour, hour + HOUR_MS) as { duration_us: number }[];
      prepared(driver, STORE).run(histogramOf(durations).encode(), check, hour);
    }
  });
  return open.length === SLICE;
}

/** The durations of a check since the hour of this moment, in microseconds. */
export function durationsSince(driver: Driver, check: number, since: number): LogHistogram {
  const { days, from } = wholeDays(driver, check, since);
  const histogram = histogramOf(prepared(driver, UNSTORED).all(check, from) as { duration_us: number }[]);
  for (const { durations } of prepared(driver, STORED).all(check, from) as { durations: string }[]) histogram.merge(LogHistogram.decode(durations));
  for (const { durations } of days) histogram.merge(LogHistogram.decode(durations));
  return histogram;
}

/** The same of its operations, as far as they are stored: those of the last minutes are not. */
export function operationsSince(driver: Driver, check: number, since: number): OperationHistograms {
  const { days, from } = wholeDays(driver, check, since);
  const hours = prepared(driver, OPERATIONS).all(check, from) as { operations: string }[];
  return merged([...days, ...hours].map(({ operations }) => decoded(operations)));
}

/** The days since the day of this moment that are added up, and the hour from which hours are counted. Less than two days are counted by hours alone. */
function wholeDays(driver: Driver, check: number, since: number): { readonly days: readonly DayRow[]; readonly from: number } {
  const hour = Math.floor(since / HOUR_MS) * HOUR_MS;
  const days = prepared(driver, DAYS).all(check, Math.floor(since / DAY_MS) * DAY_MS) as DayRow[];
  const last = days.at(-1);
  return days.length < 2 || last === undefined ? { days: [], from: hour } : { days, from: last.day + DAY_MS };
}

function histogramOf(rows: readonly { readonly duration_us: number }[]): LogHistogram {
  const histogram = new LogHistogram();
  for (const { duration_us: duration } of rows) histogram.add(duration);
  return histogram;
}
