import type { Driver, Statement } from "../../sqlite/driver.js";
import { inTransaction } from "../../sqlite/transaction.js";

/** Messages on each of the first two weeks' days on which an address sends: 50 on days 1 to 3, 200 to day 7, 500 to day 14; no limit from then on. */
export const WARM_UP_SCHEDULE: readonly number[] = [50, 50, 50, 200, 200, 200, 200, 500, 500, 500, 500, 500, 500, 500];

export const WARM_UP_TABLE = `CREATE TABLE IF NOT EXISTS warm_up_1 (
  source TEXT NOT NULL, day INTEGER NOT NULL, sent INTEGER NOT NULL, PRIMARY KEY (source, day)
) STRICT, WITHOUT ROWID`;

const DAY_MS = 24 * 3600 * 1000;

export interface WarmUpDay {
  readonly source: string;
  /** 1 for its first day of sending. */
  readonly day: number;
  /** Not counted once it is warmed up. */
  readonly sent: number;
  /** Null: no limit, because it is warmed up. */
  readonly most: number | null;
}

/**
 * The quota of a new source address. Receivers trust an address by what they have seen of it, so only days on which it sent something count: after an
 * idle week it continues at the same quota. Days are in UTC.
 */
export class WarmUp {
  readonly #driver: Driver;
  readonly #now: () => number;
  readonly #statements: Readonly<Record<keyof typeof STATEMENTS, Statement>>;

  constructor(driver: Driver, now: () => number) {
    this.#driver = driver;
    this.#now = now;
    const prepared = Object.entries(STATEMENTS).map(([name, sql]) => [name, driver.prepare(sql)]);
    this.#statements = Object.fromEntries(prepared) as Record<keyof typeof STATEMENTS, Statement>;
  }

  /**
   * Takes quota for up to `wanted` messages, and returns how much there was. It counts until it is returned. An address that is warmed up is not
   * counted: every message would wait for the disk.
   */
  take(source: string, wanted: number, schedule: readonly number[] = WARM_UP_SCHEDULE): number {
    const day = this.#today();
    if (this.#state(source, day, schedule).most === null) return wanted;
    return inTransaction(this.#driver, () => {
      const { sent, most } = this.#state(source, day, schedule);
      const granted = most === null ? wanted : Math.max(0, Math.min(wanted, most - sent));
      if (granted > 0) this.#statements.add.run(source, day, granted);
      return granted;
    });
  }

  /** Returns quota of messages that were not sent. */
  giveBack(source: string, number: number): void {
    this.#statements.giveBack.run(number, source, this.#today());
  }

  state(source: string, schedule: readonly number[] = WARM_UP_SCHEDULE): WarmUpDay {
    return this.#state(source, this.#today(), schedule);
  }

  /** When the quota of the next day starts, in milliseconds since 1970. */
  get nextDayAt(): number {
    return (this.#today() + 1) * DAY_MS;
  }

  #state(source: string, today: number, schedule: readonly number[]): WarmUpDay {
    const [{ earlier, sent }] = this.#statements.read.all(today, today, source) as [{ earlier: number; sent: number }];
    return { source, day: earlier + 1, sent, most: schedule[earlier] ?? null };
  }

  #today(): number {
    return Math.floor(this.#now() / DAY_MS);
  }
}

const STATEMENTS = {
  read: "SELECT count(CASE WHEN day < ? AND sent > 0 THEN 1 END) AS earlier, coalesce(sum(CASE WHEN day = ? THEN sent END), 0) AS sent FROM warm_up_1 WHERE source = ?",
  giveBack: "UPDATE warm_up_1 SET sent = max(0, sent - ?) WHERE source = ? AND day = ?",
  add: "INSERT INTO warm_up_1 (source, day, sent) VALUES (?, ?, ?) ON CONFLICT (source, day) DO UPDATE SET sent = sent + excluded.sent",
} as const;
