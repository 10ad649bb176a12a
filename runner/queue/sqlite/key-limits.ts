import type { Limit, Limits, Rate } from "../../limits/limits.js";
import type { Database } from "./database.js";
import { STATE, type TableName } from "./schema.js";

/** Stands for `limits.all`, which has no key. */
const ALL = "";
/** A key that has reached its limit of leases is checked again when one of them ends, or after this time at the latest. */
const RECHECK_FULL_MS = 1000;

interface LimitState {
  readonly limit: Limit;
  /** How many more may be leased; infinite without a limit. */
  free: number;
  /** The tokens in the bucket; infinite without a rate. Negative after a heavy message. */
  tokens: number;
  retryAt: number | null;
  acquired: number;
}

/**
 * What the limits allow within one claim: a token bucket and a number of leases for each key. Messages over the limit of their key are parked,
 * outside the index that claims read, so that a claim does not skip them again each time; `retryAt` says when the key is checked again.
 */
export class KeyLimits {
  readonly #states = new Map<string, LimitState | null>();

  constructor(
    readonly database: Database,
    readonly table: TableName,
    readonly limits: Limits,
    readonly now: number,
  ) {}

  /** How many more messages the limit of all allows. */
  remaining(): number {
    return remainingIn(this.#stateOf(ALL));
  }

  remainingFor(key: string | null): number {
    return remainingIn(key === null ? null : this.#stateOf(key));
  }

  acquire(key: string | null, weight: number): void {
    for (const state of [this.#stateOf(ALL), key === null ? null : this.#stateOf(key)]) {
      if (state === null) continue;
      state.free -= 1;
      state.tokens -= weight;
      state.acquired += 1;
    }
  }

  park(key: string, sequence: number): void {
    this.database.prepare(`UPDATE ${this.table} SET state = ${STATE.parked} WHERE sequence = ?`).run(sequence);
    const state = this.#stateOf(key) as LimitState;
    state.retryAt = retryTime(state, this.now);
  }

  /** Makes parked messages ready for which there is room now. */
  unpark(max: number): void {
    if (!hasKeyLimits(this.limits)) {
      this.database.prepare(`UPDATE ${this.table} SET state = ${STATE.ready} WHERE state = ${STATE.parked}`).run();
      return;
    }
    const open = this.database.prepare(`SELECT key FROM ${this.table}_lane WHERE opens <= ? ORDER BY opens LIMIT ?`).all(this.now, max) as { key: string }[];
    let left = max;
    for (const { key } of open) {
      if (left <= 0) return;
      left -= this.#unparkKey(key, left);
    }
  }

  /** Stores the levels of the buckets. */
  save(): void {
    const statement = this.database.prepare(
      `INSERT INTO ${this.table}_lane (key, tokens, filled, opens) VALUES (?, ?, ?, ?)
        ON CONFLICT (key) DO UPDATE SET tokens = excluded.tokens, filled = excluded.filled, opens = excluded.opens`,
    );
    for (const [key, state] of this.#states) {
      if (state === null || (state.acquired === 0 && state.retryAt === null)) continue;
      statement.run(key, Number.isFinite(state.tokens) ? state.tokens : 0, this.now, state.retryAt);
    }
  }

  #unparkKey(key: string, max: number): number {
    const room = Math.min(this.remainingFor(key), max);
    const state = this.#stateOf(key);
    if (room <= 0 && state !== null) {
      state.retryAt = retryTime(state, this.now);
      return 0;
    }
    const { changes } = this.database
      .prepare(
        `UPDATE ${this.table} SET state = ${STATE.ready} WHERE sequence IN
          (SELECT sequence FROM ${this.table} WHERE state = ${STATE.parked} AND key = ? ORDER BY priority DESC, sequence LIMIT ?)`,
      )
      .run(key, Number.isFinite(room) ? room : -1);
    // Fewer than there was room for: no parked messages are left.
    const isEmpty = Number(changes) < room;
    if (state !== null) state.retryAt = isEmpty ? null : this.now;
    this.database.prepare(`UPDATE ${this.table}_lane SET opens = ? WHERE key = ?`).run(isEmpty ? null : this.now, key);
    return Number(changes);
  }

  #stateOf(key: string): LimitState | null {
    let state = this.#states.get(key);
    if (state === undefined) {
      state = this.#read(key);
      this.#states.set(key, state);
    }
    return state;
  }

  #read(key: string): LimitState | null {
    const limit = key === ALL ? this.limits.all : (ownLimit(this.limits, key) ?? this.limits.eachKey);
    if (limit === null) return null;
    const row = this.database.prepare(`SELECT tokens, filled, opens FROM ${this.table}_lane WHERE key = ?`).all(key)[0] as LimitRow | undefined;
    const tokens = limit.rate === null ? Number.POSITIVE_INFINITY : filledTo(limit.rate, row, this.now);
    const free = limit.atOnce === null ? Number.POSITIVE_INFINITY : limit.atOnce - this.#leased(key);
    return { limit, free, tokens, retryAt: row?.opens ?? null, acquired: 0 };
  }

  #leased(key: string): number {
    const counted = key === ALL ? `${this.table} WHERE state = ${STATE.leased} AND due IS NOT NULL` : `${this.table} WHERE state = ${STATE.leased} AND key = ?`;
    const statement = this.database.prepare(`SELECT count(*) AS leased FROM ${counted}`);
    return ((key === ALL ? statement.all() : statement.all(key))[0] as { leased: number }).leased;
  }
}

function remainingIn(state: LimitState | null): number {
  return state === null ? Number.POSITIVE_INFINITY : Math.min(Math.floor(state.tokens), state.free);
}

export function hasKeyLimits({ eachKey, keys }: Limits): boolean {
  return eachKey !== null || Object.keys(keys).length > 0;
}

interface LimitRow {
  tokens: number;
  filled: number;
  opens: number | null;
}

function ownLimit(limits: Limits, key: string): Limit | null {
  return Object.hasOwn(limits.keys, key) ? (limits.keys[key] as Limit) : null;
}

function filledTo({ perSecond, burst }: Rate, row: LimitRow | undefined, now: number): number {
  if (row === undefined) return burst;
  return Math.min(burst, row.tokens + ((now - row.filled) / 1000) * perSecond);
}

/** When there may be room again. */
function retryTime({ limit, tokens }: LimitState, now: number): number {
  if (limit.rate === null || tokens >= 1) return now + RECHECK_FULL_MS;
  return now + ((1 - tokens) / limit.rate.perSecond) * 1000;
}
