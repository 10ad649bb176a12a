import type { Driver } from "../sqlite/driver.js";
import { inTransaction } from "../sqlite/transaction.js";
import { LogHistogram } from "./log-histogram.js";
import { prepared } from "./prepared.js";

/** Histograms of durations in microseconds, by operation. */
export type OperationHistograms = Map<string, LogHistogram>;

export interface OperationTime {
  /** Each name once in a run. */
  readonly name: string;
  /** Null: it did not end. */
  readonly durationMs: number | null;
}

interface Pending {
  readonly check: number;
  readonly hour: number;
  /** When the first of them came. */
  readonly since: number;
  readonly histograms: OperationHistograms;
}

const HOUR_MS = 3_600_000;
/** A watch that is killed loses the times of this long: results and states are stored at once. */
const MOST_AGE_MS = 300_000;
/** Hours of checks in one step. */
const SLICE = 500;
const MOST_OPERATIONS = 40;
const MOST_NAME = 100;

const STORED = "SELECT operations FROM hours WHERE check_id = ? AND hour = ?";
const STORE = "UPDATE hours SET operations = ? WHERE check_id = ? AND hour = ?";

/** The durations of the operations of runs, until they are added to the history. */
export class OperationTimes {
  readonly #pending = new Map<string, Pending>();

  add(check: number, at: number, operations: readonly OperationTime[], now: number): void {
    const hour = Math.floor(at / HOUR_MS) * HOUR_MS;
    const key = `${check}@${hour}`;
    const pending = this.#pending.get(key) ?? { check, hour, since: now, histograms: new Map() };
    for (const { name, durationMs } of operations)
      if (durationMs !== null) addTo(pending.histograms, name.slice(0, MOST_NAME), (own) => own.add(durationMs * 1000));
    if (pending.histograms.size > 0) this.#pending.set(key, pending);
  }

  /** Those of a check that are not stored yet. */
  of(check: number): OperationHistograms {
    return merged([...this.#pending.values()].filter((pending) => pending.check === check).map(({ histograms }) => histograms));
  }

  /** Stores what is old enough, or all of it. True: there is more. */
  store(driver: Driver, now: number, isAll = false): boolean {
    const due = [...this.#pending].filter(([, { since }]) => isAll || now - since >= MOST_AGE_MS || now < since);
    const slice = isAll ? due : due.slice(0, SLICE);
    if (slice.length === 0) return false;
    inTransaction(driver, () => {
      for (const [, { check, hour, histograms }] of slice) {
        const [row] = prepared(driver, STORED).all(check, hour) as { operations: string | null }[];
        prepared(driver, STORE).run(encoded(merged([decoded(row?.operations ?? null), histograms])), check, hour);
      }
    });
    for (const [key] of slice) this.#pending.delete(key);
    return slice.length < due.length;
  }
}

export function merged(all: readonly OperationHistograms[]): OperationHistograms {
  const sum: OperationHistograms = new Map();
  for (const histograms of all) for (const [name, histogram] of histograms) addTo(sum, name, (own) => own.merge(histogram));
  return sum;
}

export function encoded(histograms: OperationHistograms): string {
  return JSON.stringify(Object.fromEntries([...histograms].map(([name, histogram]) => [name, histogram.encode()])));
}

export function decoded(text: string | null): OperationHistograms {
  const values = text === null ? {} : (JSON.parse(text) as Record<string, string>);
  return new Map(Object.entries(values).map(([name, histogram]) => [name, LogHistogram.decode(histogram)]));
}

function addTo(histograms: OperationHistograms, name: string, work: (own: LogHistogram) => void): void {
  const known = histograms.get(name);
  if (known === undefined && histograms.size >= MOST_OPERATIONS) return;
  const own = known ?? new LogHistogram();
  histograms.set(name, own);
  work(own);
}
