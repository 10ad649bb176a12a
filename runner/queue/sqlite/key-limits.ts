import type { Limit, Limits, Rate } from "../../limits/limits.js";
import type { Database } from "./database.js";
import { STATE, type TableName } from "./schema.js";

/** The lane of `limits.all`: no key is empty. */
const ALL = "";
/** A lane that is full of leases opens when one of them ends; should that be missed, it is looked at after this long. */
const FULL_FOR_MS = 1000;

interface Lane {
  readonly limit: Limit;
  /** How many more may be leased; infinite without such a limit. */
  free: number;
  /** What is in the bucket now; infinite without a rate. Below 0 once something heavy was taken out. */
  tokens: number;
  opens: number | null;
  taken: number;
}

/**
 * What limits leave room for, within one claim. A lane is a key's bucket, and the moment at which a lane that holds messages back is
 * looked at again. The messages that it holds back are parked: out of the index that claims read, so that each is
 * passed by once and not with every claim.
 */
export class Lanes {
  readonly #lanes = new Map<string, Lane | null>();

  constructor(
    readonly database: Database,
    readonly table: TableName,
    readonly limits: Limits,
    readonly now: number,
  ) {}

  /** How many more messages there may be, keys aside. */
  roomForAll(): number {
    return roomIn(this.#lane(ALL));
  }

  roomFor(key: string | null): number {
    return roomIn(key === null ? null : this.#lane(key));
  }

  take(key: string | null, weight: number): void {
    for (const lane of [this.#lane(ALL), key === null ? null : this.#lane(key)]) {
      if (lane === null) continue;
      lane.free -= 1;
      lane.tokens -= weight;
      lane.taken += 1;
    }
  }

  park(key: string, sequence: number): void {
    this.database.prepare(`UPDATE ${this.table} SET state = ${STATE.parked} WHERE sequence = ?`).run(sequence);
    const lane = this.#lane(key) as Lane;
    lane.opens = opening(lane, this.now);
  }

  /** Lets what there is room for by now stand in line again. */
  unpark(most: number): void {
    if (!hasKeyLimits(this.limits)) {
      this.database.prepare(`UPDATE ${this.table} SET state = ${STATE.ready} WHERE state = ${STATE.parked}`).run();
      return;
    }
    const open = this.database.prepare(`SELECT key FROM ${this.table}_lane WHERE opens <= ? ORDER BY opens LIMIT ?`).all(this.now, most) as { key: string }[];
    let left = most;
    for (const { key } of open) {
      if (left <= 0) return;
      left -= this.#unparkLane(key, left);
    }
  }

  /** What buckets were left with. */
  save(): void {
    const statement = this.database.prepare(
      `INSERT INTO ${this.table}_lane (key, tokens, filled, opens) VALUES (?, ?, ?, ?)
        ON CONFLICT (key) DO UPDATE SET tokens = excluded.tokens, filled = excluded.filled, opens = excluded.opens`,
    );
    for (const [key, lane] of this.#lanes) {
      if (lane === null || (lane.taken === 0 && lane.opens === null)) continue;
      statement.run(key, Number.isFinite(lane.tokens) ? lane.tokens : 0, this.now, lane.opens);
    }
  }

  #unparkLane(key: string, most: number): number {
    const room = Math.min(this.roomFor(key), most);
    const lane = this.#lane(key);
    if (room <= 0 && lane !== null) {
      lane.opens = opening(lane, this.now);
      return 0;
    }
    const { changes } = this.database
      .prepare(
        `UPDATE ${this.table} SET state = ${STATE.ready} WHERE sequence IN
          (SELECT sequence FROM ${this.table} WHERE state = ${STATE.parked} AND key = ? ORDER BY priority DESC, sequence LIMIT ?)`,
      )
      .run(key, Number.isFinite(room) ? room : -1);
    // Fewer than there was room for: nothing is parked there any more.
    const isEmpty = Number(changes) < room;
    if (lane !== null) lane.opens = isEmpty ? null : this.now;
    this.database.prepare(`UPDATE ${this.table}_lane SET opens = ? WHERE key = ?`).run(isEmpty ? null : this.now, key);
    return Number(changes);
  }

  #lane(key: string): Lane | null {
    let lane = this.#lanes.get(key);
    if (lane === undefined) {
      lane = this.#read(key);
      this.#lanes.set(key, lane);
    }
    return lane;
  }

  #read(key: string): Lane | null {
    const limit = key === ALL ? this.limits.all : (ownLimit(this.limits, key) ?? this.limits.eachKey);
    if (limit === null) return null;
    const row = this.database.prepare(`SELECT tokens, filled, opens FROM ${this.table}_lane WHERE key = ?`).all(key)[0] as LaneRow | undefined;
    const tokens = limit.rate === null ? Number.POSITIVE_INFINITY : filledTo(limit.rate, row, this.now);
    const free = limit.atOnce === null ? Number.POSITIVE_INFINITY : limit.atOnce - this.#leased(key);
    return { limit, free, tokens, opens: row?.opens ?? null, taken: 0 };
  }

  #leased(key: string): number {
    const counted = key === ALL ? `${this.table} WHERE state = ${STATE.leased} AND due IS NOT NULL` : `${this.table} WHERE state = ${STATE.leased} AND key = ?`;
    const statement = this.database.prepare(`SELECT count(*) AS leased FROM ${counted}`);
    return ((key === ALL ? statement.all() : statement.all(key))[0] as { leased: number }).leased;
  }
}

function roomIn(lane: Lane | null): number {
  return lane === null ? Number.POSITIVE_INFINITY : Math.min(Math.floor(lane.tokens), lane.free);
}

export function hasKeyLimits({ eachKey, keys }: Limits): boolean {
  return eachKey !== null || Object.keys(keys).length > 0;
}

interface LaneRow {
  tokens: number;
  filled: number;
  opens: number | null;
}

function ownLimit(limits: Limits, key: string): Limit | null {
  return Object.hasOwn(limits.keys, key) ? (limits.keys[key] as Limit) : null;
}

function filledTo({ perSecond, burst }: Rate, row: LaneRow | undefined, now: number): number {
  if (row === undefined) return burst;
  return Math.min(burst, row.tokens + ((now - row.filled) / 1000) * perSecond);
}

/** When there may be room again. */
function opening({ limit, tokens }: Lane, now: number): number {
  if (limit.rate === null || tokens >= 1) return now + FULL_FOR_MS;
  return now + ((1 - tokens) / limit.rate.perSecond) * 1000;
}
