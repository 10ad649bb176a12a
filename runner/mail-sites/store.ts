import { dirname } from "node:path";
import type { CatchAllVerdict } from "../../schemas/rcpt.js";
import type { Rate } from "../limits/limits.js";
import { type Driver, openDriver, type Statement } from "../sqlite/driver.js";
import { IN_MEMORY } from "../sqlite/store-path.js";
import { inTransaction } from "../sqlite/transaction.js";
import { makePrivateFolders } from "../support/private-file.js";

/** One observation of a site. */
export interface Observation {
  readonly kind: ObservationKind;
  /** How long it took to reply; null if it did not. */
  readonly ms: number | null;
}

export type ObservationKind = "answered" | "timeout" | "connect_failed" | "refused_us" | "greylisted";

export interface StoredObservation extends Observation {
  /** In milliseconds since 1970, the clock that processes share. */
  readonly at: number;
}

/** Whether a domain is a catch-all, as found out before. */
export interface KnownCatchAll {
  readonly verdict: CatchAllVerdict;
  readonly code: number | null;
  readonly message: string | null;
  readonly at: number;
}

/** After a week, a site may have other machines and other policies. */
export const OBSERVATION_LIFE_MS = 7 * 24 * 3600 * 1000;
/** The number of observations that are read and kept for a site. */
export const MAX_OBSERVATIONS = 200;
/** How long this process uses its own copy, and how often it writes to the shared file. */
const READ_AGAIN_MS = 5000;
const WRITE_EVERY_MS = 250;
const MAX_RECENT = 10_000;
const BUSY_MS = 50;
const OPEN_BUSY_MS = 5000;
const FORMAT = 1;

/** What this process knows of a site: newest first, and what was added since, newest last. */
interface Recent {
  readonly readAt: number;
  kept: readonly StoredObservation[];
  added: StoredObservation[];
}

/** Most runs only add: the list is put together for the few that read it. */
function merged(recent: Recent): readonly StoredObservation[] {
  if (recent.added.length > 0) recent.kept = [...recent.added.reverse(), ...recent.kept].slice(0, MAX_OBSERVATIONS);
  recent.added = [];
  return recent.kept;
}

/**
 * Observations of sites, in a SQLite file that processes share, or in memory. It is a cache: if it cannot be read or written, it counts as empty, so
 * nothing fails and nothing waits for the disk.
 */
export class BehaviourStore {
  readonly #driver: Driver;
  readonly #statements: Readonly<Record<keyof typeof STATEMENTS, Statement>>;
  readonly #now: () => number;
  readonly #recent = new Map<string, Recent>();
  readonly #unwritten: (StoredObservation & { site: string })[] = [];
  #writtenAt = Number.NEGATIVE_INFINITY;

  /** IN_MEMORY for one that ends with the process. */
  constructor(path: string, now: () => number = Date.now) {
    if (path !== IN_MEMORY) makePrivateFolders(dirname(path));
    this.#now = now;
    this.#driver = openDriver(path);
    this.#driver.exec(
      `PRAGMA busy_timeout = ${OPEN_BUSY_MS}; PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; ${TABLES}; PRAGMA busy_timeout = ${BUSY_MS}`,
    );
    const prepared = Object.entries(STATEMENTS).map(([name, sql]) => [name, this.#driver.prepare(sql)]);
    this.#statements = Object.fromEntries(prepared) as Record<keyof typeof STATEMENTS, Statement>;
  }

  /** The latest observations that are still valid, newest first. Those of other processes appear within seconds. */
  observations(site: string): readonly StoredObservation[] {
    const now = this.#now();
    const known = this.#recent.get(site);
    if (known !== undefined && now - known.readAt < READ_AGAIN_MS && now >= known.readAt) return merged(known);
    this.flush();
    const kept = orElse([], () => this.#statements.read.all(site, now - OBSERVATION_LIFE_MS, MAX_OBSERVATIONS) as StoredObservation[]);
    if (this.#recent.size >= MAX_RECENT) this.#recent.clear();
    this.#recent.set(site, { readAt: now, kept, added: [] });
    return kept;
  }

  add(site: string, observations: readonly Observation[]): void {
    if (observations.length === 0) return;
    const at = this.#now();
    const known = this.#recent.get(site);
    for (const { kind, ms } of observations.slice(-MAX_OBSERVATIONS)) {
      this.#unwritten.push({ site, kind, ms, at });
      known?.added.push({ kind, ms, at });
    }
    if (known !== undefined && known.added.length >= MAX_OBSERVATIONS) merged(known);
    if (Math.abs(at - this.#writtenAt) >= WRITE_EVERY_MS) this.flush();
  }

  /** Writes what is in memory only. With thousands of runs, none waits for the file. */
  flush(): void {
    const rows = newestOfEach(this.#unwritten.splice(0));
    if (rows.length === 0) return;
    this.#writtenAt = this.#now();
    orElse(undefined, () => this.#write(rows));
  }

  #write(rows: readonly (StoredObservation & { site: string })[]): void {
    this.#driver.exec("BEGIN IMMEDIATE");
    try {
      for (const { site, at, kind, ms } of rows) this.#statements.add.run(site, at, kind, ms);
      this.#statements.expire.run(this.#now() - OBSERVATION_LIFE_MS);
      for (const site of new Set(rows.map((row) => row.site))) this.#statements.trim.run(site, site, MAX_OBSERVATIONS);
      this.#driver.exec("COMMIT");
    } catch (error) {
      this.#driver.exec("ROLLBACK");
      throw error;
    }
  }

  catchAll(key: string): KnownCatchAll | null {
    return orElse(null, () => (this.#statements.readCatchAll.all(key, this.#now()) as KnownCatchAll[])[0] ?? null);
  }

  keepCatchAll(key: string, { verdict, code, message }: Omit<KnownCatchAll, "at">, lifeMs: number): void {
    const at = this.#now();
    orElse(undefined, () => {
      this.#statements.keepCatchAll.run(key, verdict, code, message, at, at + lifeMs);
      this.#statements.expireCatchAll.run(at);
    });
  }

  /**
   * Takes `count` tokens of each bucket if each holds at least one, else none: then the milliseconds until there is one. A bucket may go below zero.
   * 0 if the file cannot be used: then only the limits of this process hold.
   */
  takeTokens(rates: readonly (readonly [key: string, rate: Rate])[], count: number): number {
    return orElse(0, () =>
      inTransaction(this.#driver, () => {
        const now = this.#now();
        const buckets = rates.map(([key, rate]) => ({ key, rate, tokens: this.#tokens(key, rate, now) }));
        const waits = buckets.map(({ tokens, rate }) => (tokens >= 1 ? 0 : Math.ceil(((1 - tokens) / rate.perSecond) * 1000)));
        const waitMs = Math.max(0, ...waits);
        this.#statements.expireTokens.run(now);
        if (waitMs === 0)
          for (const { key, tokens, rate } of buckets) this.#statements.keepTokens.run(key, tokens - count, now, fullAt(tokens - count, rate, now));
        return waitMs;
      }),
    );
  }

  /** Takes `count` tokens from each bucket, even if it has none; a negative number returns them. */
  spendTokens(rates: readonly (readonly [key: string, rate: Rate])[], count: number): void {
    orElse(undefined, () =>
      inTransaction(this.#driver, () => {
        const now = this.#now();
        for (const [key, rate] of rates) {
          const left = this.#tokens(key, rate, now) - count;
          this.#statements.keepTokens.run(key, left, now, fullAt(left, rate, now));
        }
      }),
    );
  }

  /**
   * Takes a slot under each key for a limited time, if each has one; otherwise none, and returns false. True if the file cannot be used: then only
   * the limits of this process apply. The slots of a process that ended without returning them are freed after `lifeMs`.
   */
  takeSlots(holder: string, limits: readonly (readonly [key: string, atOnce: number])[], lifeMs: number): boolean {
    return orElse(true, () =>
      inTransaction(this.#driver, () => {
        const now = this.#now();
        this.#statements.expirePlaces.run(now);
        const isFull = limits.some(([key, atOnce]) => (this.#statements.countPlaces.all(key) as [{ held: number }])[0].held >= atOnce);
        if (isFull) return false;
        for (const [key] of limits) this.#statements.keepPlace.run(holder, key, now + lifeMs);
        return true;
      }),
    );
  }

  renewSlots(holder: string, lifeMs: number): void {
    orElse(undefined, () => this.#statements.renewPlaces.run(this.#now() + lifeMs, holder));
  }

  returnSlots(holder: string): void {
    orElse(undefined, () => this.#statements.freePlaces.run(holder));
  }

  /** The current level of the bucket. A full bucket need not be stored. */
  #tokens(key: string, { perSecond, burst }: Rate, now: number): number {
    const [known] = this.#statements.readTokens.all(key) as { tokens: number; at: number }[];
    if (known === undefined) return burst;
    return Math.min(burst, known.tokens + (Math.max(0, now - known.at) / 1000) * perSecond);
  }

  close(): void {
    this.flush();
    this.#driver.close();
  }
}

/** No more of a site than are kept: a busy one has thousands between two writes. */
function newestOfEach<Row extends { readonly site: string }>(rows: readonly Row[]): readonly Row[] {
  if (rows.length <= MAX_OBSERVATIONS) return rows;
  const counts = new Map<string, number>();
  const newest = rows.toReversed().filter(({ site }) => {
    const count = (counts.get(site) ?? 0) + 1;
    counts.set(site, count);
    return count <= MAX_OBSERVATIONS;
  });
  return newest.reverse();
}

const TABLES = `
  CREATE TABLE IF NOT EXISTS site_observation_${FORMAT} (site TEXT NOT NULL, at INTEGER NOT NULL, kind TEXT NOT NULL, ms REAL) STRICT;
  CREATE INDEX IF NOT EXISTS site_observation_${FORMAT}_by_site ON site_observation_${FORMAT} (site, at);
  CREATE INDEX IF NOT EXISTS site_observation_${FORMAT}_by_age ON site_observation_${FORMAT} (at);
  CREATE TABLE IF NOT EXISTS catch_all_${FORMAT} (
    key TEXT PRIMARY KEY, verdict TEXT NOT NULL, code INTEGER, message TEXT, at INTEGER NOT NULL, expires_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS rate_${FORMAT} (key TEXT PRIMARY KEY, tokens REAL NOT NULL, at INTEGER NOT NULL, full_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS place_${FORMAT} (holder TEXT NOT NULL, key TEXT NOT NULL, expires_at INTEGER NOT NULL, PRIMARY KEY (key, holder)) STRICT, WITHOUT ROWID`;

const STATEMENTS = {
  read: `SELECT kind, ms, at FROM site_observation_${FORMAT} WHERE site = ? AND at > ? ORDER BY at DESC, rowid DESC LIMIT ?`,
  add: `INSERT INTO site_observation_${FORMAT} (site, at, kind, ms) VALUES (?, ?, ?, ?)`,
  expire: `DELETE FROM site_observation_${FORMAT} WHERE at <= ?`,
  trim: `DELETE FROM site_observation_${FORMAT} WHERE site = ? AND rowid NOT IN
    (SELECT rowid FROM site_observation_${FORMAT} WHERE site = ? ORDER BY at DESC, rowid DESC LIMIT ?)`,
  readCatchAll: `SELECT verdict, code, message, at FROM catch_all_${FORMAT} WHERE key = ? AND expires_at > ?`,
  keepCatchAll: `INSERT INTO catch_all_${FORMAT} (key, verdict, code, message, at, expires_at) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET verdict = excluded.verdict, code = excluded.code, message = excluded.message, at = excluded.at, expires_at = excluded.expires_at`,
  readTokens: `SELECT tokens, at FROM rate_${FORMAT} WHERE key = ?`,
  keepTokens: `INSERT INTO rate_${FORMAT} (key, tokens, at, full_at) VALUES (?, ?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET tokens = excluded.tokens, at = excluded.at, full_at = excluded.full_at`,
  expireTokens: `DELETE FROM rate_${FORMAT} WHERE full_at <= ?`,
  countPlaces: `SELECT count(*) AS held FROM place_${FORMAT} WHERE key = ?`,
  keepPlace: `INSERT INTO place_${FORMAT} (holder, key, expires_at) VALUES (?, ?, ?) ON CONFLICT (key, holder) DO UPDATE SET expires_at = excluded.expires_at`,
  renewPlaces: `UPDATE place_${FORMAT} SET expires_at = ? WHERE holder = ?`,
  freePlaces: `DELETE FROM place_${FORMAT} WHERE holder = ?`,
  expirePlaces: `DELETE FROM place_${FORMAT} WHERE expires_at <= ?`,
  expireCatchAll: `DELETE FROM catch_all_${FORMAT} WHERE expires_at <= ?`,
} as const;

function fullAt(tokens: number, { perSecond, burst }: Rate, now: number): number {
  return now + Math.ceil(((burst - tokens) / perSecond) * 1000);
}

function orElse<Result>(otherwise: Result, work: () => Result): Result {
  try {
    return work();
  } catch {
    return otherwise;
  }
}
