import type { Driver, Statement } from "../sqlite/driver.js";
import { prepared } from "./prepared.js";

export interface Notification {
  /** The same whenever the same change is sent. */
  readonly id: string;
  readonly receiver: string;
  readonly body: string;
}

/** Notifications of one receiver that are sent together: the same ones in each attempt. */
export interface WaitingBatch {
  readonly receiver: string;
  /** The oldest first. */
  readonly notifications: readonly Notification[];
  readonly attempt: number;
}

/** How many are sent together at most, and how long the first waits for them. */
export interface Batching {
  readonly most: number;
  readonly waitMs: number;
}

interface OutboxRow extends Notification {
  readonly place: number;
  readonly attempt: number;
  readonly due: number;
  readonly batch: number | null;
}

const ADD = "INSERT INTO outbox (id, receiver, body, due) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING";
const WAITING_OF = "SELECT rowid AS place, id, receiver, body, attempt, due, batch FROM outbox WHERE ended_at IS NULL AND receiver = ? ORDER BY rowid LIMIT ?";
const JOIN = "UPDATE outbox SET batch = ? WHERE rowid = ?";
const WAITING = "SELECT count(*) AS count FROM outbox WHERE ended_at IS NULL";
const END_OTHERS = `UPDATE outbox SET ended_at = ? WHERE ended_at IS NULL AND receiver NOT IN (SELECT value FROM json_each(?))
  AND json_extract(body, '$.data.suite') = ?`;
const POSTPONE = "UPDATE outbox SET due = ?, attempt = attempt + 1 WHERE id = ? AND receiver = ?";
const END = "UPDATE outbox SET ended_at = ? WHERE id = ? AND receiver = ?";

/** Notifications that were stored with what they are about, until their receivers have taken them. */
export class Outbox {
  constructor(
    readonly driver: Driver,
    /** Runs this in a transaction. */
    readonly together: (work: () => void) => void,
  ) {}

  add(notifications: readonly Notification[], now: number): void {
    this.together(() => {
      for (const { id, receiver, body } of notifications) this.#sql(ADD).run(id, receiver, body, now);
    });
  }

  /**
   * The oldest that a receiver has not taken, with those that came within `waitMs` after it; null if nothing is due. The ones after them wait: a
   * recovery must not arrive before its incident.
   */
  batch(receiver: string, { most, waitMs }: Batching, now: number): WaitingBatch | null {
    const rows = this.#sql(WAITING_OF).all(receiver, most) as OutboxRow[];
    const [first] = rows;
    if (first === undefined || isLater(first, waitMs, now)) return null;
    const together = rows.filter(({ batch }) => batch === first.batch);
    const isJoined = first.batch !== null || most === 1 || this.#join(first.place, together);
    return { receiver, attempt: first.attempt, notifications: (isJoined ? together : [first]).map(({ id, body }) => ({ id, receiver, body })) };
  }

  /** The number of notifications that were not taken yet. */
  waiting(): number {
    return Number((this.#sql(WAITING).all() as { count: number }[])[0]?.count);
  }

  /** Ends what waits for receivers that a suite no longer has. Returns the number of notifications. */
  endOthers(suite: string, receivers: readonly string[], now: number): number {
    return Number(this.#sql(END_OTHERS).run(now, JSON.stringify(receivers), suite).changes);
  }

  /** It is sent again from this moment on. */
  postpone({ receiver, notifications }: WaitingBatch, due: number): void {
    this.together(() => {
      for (const { id } of notifications) this.#sql(POSTPONE).run(Math.ceil(due), id, receiver);
    });
  }

  /** It was taken, or never will be. */
  end({ receiver, notifications }: WaitingBatch, now: number): void {
    this.together(() => {
      for (const { id } of notifications) this.#sql(END).run(now, id, receiver);
    });
  }

  /** False: the file cannot be written. What cannot be sent again as the same batch is sent one by one. */
  #join(batch: number, rows: readonly OutboxRow[]): boolean {
    try {
      this.together(() => {
        for (const { place } of rows) this.#sql(JOIN).run(batch, place);
      });
      return true;
    } catch {
      return false;
    }
  }

  #sql(text: string): Statement {
    return prepared(this.driver, text);
  }
}

/** The longest time until something is sent again. */
const MOST_POSTPONED_MS = 600_000;

/** It is not due yet. A moment that is further away than any wait was written before the clock was set back. */
function isLater({ due, attempt, batch }: OutboxRow, waitMs: number, now: number): boolean {
  const leftMs = due + (batch === null ? waitMs : 0) - now;
  const mostMs = (attempt === 0 ? 0 : MOST_POSTPONED_MS) + waitMs;
  return leftMs > 0 && leftMs <= mostMs;
}
