import type { Driver } from "../sqlite/driver.js";
import { inTransaction } from "../sqlite/transaction.js";
import { LogHistogram } from "./log-histogram.js";
import { decoded, encoded, merged } from "./operation-times.js";
import { prepared } from "./prepared.js";

export const DAY_MS = 86_400_000;
/** Hours are rolled up, and late results have come, before their day is. */
const GRACE_MS = 2 * 3_600_000;
/** Days of checks in one step: more at once would keep the watch waiting. */
const SLICE = 100;

const COUNTS = ["ok", "warning", "error", "unknown", "suppressed", "maintenance", "good_ms", "bad_ms"] as const;
const ROLLED = "SELECT day, check_id FROM rolled";
const FIRST_HOUR = "SELECT min(hour) AS hour FROM hours";
const CHECKS = `SELECT id FROM checks WHERE id > ? ORDER BY id LIMIT ${SLICE}`;
const HOURS = `SELECT ${COUNTS.join(", ")}, durations, operations FROM hours WHERE check_id = ? AND hour >= ? AND hour < ?`;
const STORE = `INSERT OR REPLACE INTO days (check_id, day, ${COUNTS.join(", ")}, durations, operations) VALUES (?, ?, ${COUNTS.map(() => "?").join(", ")}, ?, ?)`;

/** The day that is added up now, and the last check of which it was. */
interface Place {
  readonly day: number;
  readonly check_id: number;
}

type HourRow = Record<(typeof COUNTS)[number], number> & { readonly durations: string | null; readonly operations: string | null };

/** Adds up the hours of each day that is over, a slice of checks at a time, and stores how far it came. True: there is more. */
export function rollUpDays(driver: Driver, now: number): boolean {
  const place = (prepared(driver, ROLLED).all() as Place[])[0] ?? firstPlace(driver);
  if (place === null || place.day + DAY_MS + GRACE_MS > now) return false;
  const checks = (prepared(driver, CHECKS).all(place.check_id) as { id: number }[]).map(({ id }) => id);
  inTransaction(driver, () => {
    for (const check of checks) storeDay(driver, check, place.day);
    setPlace(driver, checks.length < SLICE ? { day: place.day + DAY_MS, check_id: 0 } : { day: place.day, check_id: checks.at(-1) as number });
  });
  return true;
}

/** A history begins with its first day; null if it is empty. */
function firstPlace(driver: Driver): Place | null {
  const [{ hour = null } = {}] = prepared(driver, FIRST_HOUR).all() as { hour?: number | null }[];
  if (hour === null) return null;
  const place = { day: Math.floor(hour / DAY_MS) * DAY_MS, check_id: 0 };
  inTransaction(driver, () => setPlace(driver, place));
  return place;
}

function setPlace(driver: Driver, { day, check_id: check }: Place): void {
  driver.exec("DELETE FROM rolled");
  prepared(driver, "INSERT INTO rolled (day, check_id) VALUES (?, ?)").run(day, check);
}

function storeDay(driver: Driver, check: number, day: number): void {
  const hours = prepared(driver, HOURS).all(check, day, day + DAY_MS) as HourRow[];
  if (hours.length === 0) return;
  const durations = new LogHistogram();
  for (const { durations: own } of hours) if (own !== null) durations.merge(LogHistogram.decode(own));
  const counts = COUNTS.map((name) => hours.reduce((sum, hour) => sum + hour[name], 0));
  const operations = merged(hours.map((hour) => decoded(hour.operations)));
  prepared(driver, STORE).run(check, day, ...counts, durations.encode(), encoded(operations));
}
