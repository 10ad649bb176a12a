import { dirname } from "node:path";
import { type Driver, openDriver, type Statement } from "../../sqlite/driver.js";
import { makePrivateFolders } from "../../support/private-file.js";
import { MAX_POLICIES } from "./limits.js";
import type { StsPolicy } from "./policy.js";
import { readStsPolicy } from "./read-policy.js";

/** A policy as it was fetched. Times are milliseconds since 1970: the clock that processes share. */
export interface CachedPolicy {
  /** What the domain announced when it was fetched. */
  readonly id: string;
  readonly policy: StsPolicy;
  readonly fetchedAt: number;
  readonly expiresAt: number;
}

/** How long another process may keep the file busy before we do without it. */
const BUSY_MS = 50;
const OPEN_BUSY_MS = 5000;
const FORMAT = 1;

/**
 * The policies of domains, in memory and in a SQLite file that processes share. One is kept until it expires, whatever becomes of
 * look-ups meanwhile: an attacker who can block a domain's servers must not remove its policy (RFC 8461, section 10.2).
 */
export class StsCache {
  readonly #recent = new Map<string, CachedPolicy>();
  readonly #file: StsFile | null;
  readonly #now: () => number;

  constructor(path: string | null, now: () => number) {
    this.#file = path === null ? null : new StsFile(path);
    this.#now = now;
  }

  /** The one that counts still; null when there is none. With an `id`, another process's is preferred where ours is not of that id. */
  get(domain: string, id: string | null): CachedPolicy | null {
    const own = this.#unexpired(this.#recent.get(domain));
    if (this.#file === null || (own !== null && (id === null || own.id === id))) return own;
    const shared = this.#unexpired(this.#file.get(domain));
    if (shared === null || (own !== null && own.fetchedAt >= shared.fetchedAt)) return own;
    this.#remember(domain, shared);
    return shared;
  }

  set(domain: string, kept: CachedPolicy): void {
    this.#remember(domain, kept);
    this.#file?.set(domain, kept, this.#now());
  }

  close(): void {
    this.#file?.close();
  }

  #unexpired(kept: CachedPolicy | null | undefined): CachedPolicy | null {
    return kept !== null && kept !== undefined && kept.expiresAt > this.#now() ? kept : null;
  }

  #remember(domain: string, kept: CachedPolicy): void {
    this.#recent.delete(domain);
    this.#recent.set(domain, kept);
    if (this.#recent.size > MAX_POLICIES) this.#recent.delete(this.#recent.keys().next().value as string);
  }
}

interface Row {
  readonly id: string;
  readonly text: string;
  readonly fetched_at: number;
  readonly expires_at: number;
}

/** If the file cannot be read or written, delivery continues without it. */
class StsFile {
  readonly #driver: Driver;
  readonly #get: Statement;
  readonly #set: Statement;
  readonly #expire: Statement;

  constructor(path: string) {
    makePrivateFolders(dirname(path));
    this.#driver = openDriver(path);
    this.#driver.exec(
      `PRAGMA busy_timeout = ${OPEN_BUSY_MS}; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; ${TABLE}; PRAGMA busy_timeout = ${BUSY_MS}`,
    );
    this.#get = this.#driver.prepare(`SELECT id, text, fetched_at, expires_at FROM sts_policy_${FORMAT} WHERE domain = ?`);
    this.#set = this.#driver.prepare(
      `INSERT INTO sts_policy_${FORMAT} (domain, id, text, fetched_at, expires_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT (domain) DO UPDATE SET
       id = excluded.id, text = excluded.text, fetched_at = excluded.fetched_at, expires_at = excluded.expires_at WHERE excluded.fetched_at >= fetched_at`,
    );
    this.#expire = this.#driver.prepare(`DELETE FROM sts_policy_${FORMAT} WHERE expires_at <= ?`);
  }

  get(domain: string): CachedPolicy | null {
    return orNull(() => {
      const [row] = this.#get.all(domain) as Row[];
      const policy = row === undefined ? null : readStsPolicy(row.text);
      if (row === undefined || policy === null || "problem" in policy) return null;
      return { id: row.id, policy, fetchedAt: row.fetched_at, expiresAt: row.expires_at };
    });
  }

  set(domain: string, { id, policy, fetchedAt, expiresAt }: CachedPolicy, now: number): void {
    orNull(() => {
      this.#set.run(domain, id, policy.lines.join("\n"), fetchedAt, expiresAt);
      this.#expire.run(now);
    });
  }

  close(): void {
    this.#driver.close();
  }
}

const TABLE = `CREATE TABLE IF NOT EXISTS sts_policy_${FORMAT} (
  domain TEXT PRIMARY KEY, id TEXT NOT NULL, text TEXT NOT NULL, fetched_at INTEGER NOT NULL, expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID`;

function orNull<Result>(work: () => Result): Result | null {
  try {
    return work();
  } catch {
    return null;
  }
}
