import { parseHost } from "../../../schemas/host.js";
import { parseMailbox } from "../../net/smtp/mailbox.js";
import type { Driver, Statement } from "../../sqlite/driver.js";
import { inTransaction } from "../../sqlite/transaction.js";

export const SUPPRESSION_REASONS = ["bounce", "complaint", "unsubscribe", "manual"] as const;
export type SuppressionReason = (typeof SUPPRESSION_REASONS)[number];

export interface Suppressed {
  /** An address, or a whole domain as `@example.org`. */
  readonly target: string;
  readonly reason: SuppressionReason;
  /** A note, such as the reply of a server. */
  readonly detail: string | null;
  /** In UTC. */
  readonly since: string;
  /** In UTC; null: permanently. */
  readonly until: string | null;
}

export interface Suppression {
  readonly target: string;
  readonly reason: SuppressionReason;
  readonly detail?: string | null;
  /** Null, and by default: permanently. */
  readonly forMs?: number | null;
}

export const SUPPRESSION_TABLE = `CREATE TABLE IF NOT EXISTS suppressed_1 (
  target TEXT PRIMARY KEY, reason TEXT NOT NULL, detail TEXT, since INTEGER NOT NULL, until INTEGER
) STRICT, WITHOUT ROWID`;

const MAX_DETAIL_CHARACTERS = 500;

interface Row {
  target: string;
  reason: SuppressionReason;
  detail: string | null;
  since: number;
  until: number | null;
}

/** Addresses and domains that get no mail. */
export class SuppressionList {
  readonly #driver: Driver;
  readonly #now: () => number;
  readonly #statements: Readonly<Record<keyof typeof STATEMENTS, Statement>>;

  constructor(driver: Driver, now: () => number) {
    this.#driver = driver;
    this.#now = now;
    const prepared = Object.entries(STATEMENTS).map(([name, sql]) => [name, driver.prepare(sql)]);
    this.#statements = Object.fromEntries(prepared) as Record<keyof typeof STATEMENTS, Statement>;
  }

  /** Adds all or none. A temporary entry gets the new reason and time; a permanent one stays as it is. Returns the number of new entries. */
  add(suppressions: readonly Suppression[]): number {
    const since = this.#now();
    const rows = suppressions.map(({ target, reason, detail = null, forMs = null }) => ({
      target: keyOf(target),
      reason,
      detail: detail?.slice(0, MAX_DETAIL_CHARACTERS) ?? null,
      until: forMs === null ? null : since + forMs,
    }));
    return inTransaction(this.#driver, () => {
      this.#statements.expire.run(since);
      const before = this.count();
      for (const { target, reason, detail, until } of rows) this.#statements.add.run(target, reason, detail, since, until);
      return this.count() - before;
    });
  }

  /** Returns the number of removed entries. */
  remove(targets: readonly string[]): number {
    const keys = targets.map(keyOf);
    return inTransaction(this.#driver, () => keys.reduce((sum, key) => sum + Number(this.#statements.remove.run(key).changes), 0));
  }

  /** The entry of an address or of its domain; null if it is not suppressed. */
  find(address: string): Suppressed | null {
    const key = keyOf(address);
    const [row] = this.#statements.find.all(key, key.slice(key.lastIndexOf("@")), this.#now()) as Row[];
    return row === undefined ? null : shown(row);
  }

  /** Latest first. */
  list(most: number): Suppressed[] {
    return (this.#statements.list.all(this.#now(), most) as Row[]).map(shown);
  }

  count(): number {
    return (this.#statements.count.all(this.#now())[0] as { number: number }).number;
  }
}

/**
 * The key of an address in the list. Case is ignored: almost no host distinguishes Ann from ann, and an opt-out means both. Throws a TypeError for an
 * invalid address.
 */
export function keyOf(target: string): string {
  if (target.startsWith("@")) {
    const host = parseHost(target.slice(1));
    if (host === null) throw new TypeError(`${JSON.stringify(target)} is not a domain: write @example.org`);
    return `@${host.host.toLowerCase()}`;
  }
  const mailbox = parseMailbox(target);
  if ("problem" in mailbox) throw new TypeError(`${JSON.stringify(target)} is not a valid address: ${mailbox.problem}`);
  return `${mailbox.localPart.toLowerCase()}@${mailbox.host.host.toLowerCase()}`;
}

const STATEMENTS = {
  add: `INSERT INTO suppressed_1 (target, reason, detail, since, until) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (target) DO UPDATE SET reason = excluded.reason, detail = excluded.detail, since = excluded.since, until = excluded.until
    WHERE until IS NOT NULL`,
  remove: "DELETE FROM suppressed_1 WHERE target = ?",
  find: "SELECT * FROM suppressed_1 WHERE target IN (?, ?) AND (until IS NULL OR until > ?) LIMIT 1",
  list: "SELECT * FROM suppressed_1 WHERE until IS NULL OR until > ? ORDER BY since DESC, target LIMIT ?",
  count: "SELECT count(*) AS number FROM suppressed_1 WHERE until IS NULL OR until > ?",
  expire: "DELETE FROM suppressed_1 WHERE until <= ?",
} as const;

function shown({ target, reason, detail, since, until }: Row): Suppressed {
  return { target, reason, detail, since: new Date(since).toISOString(), until: until === null ? null : new Date(until).toISOString() };
}
