import type { Limit, Limits } from "../../limits/limits.js";

/** By key; the empty one is for all messages together. */
export type Buckets = Readonly<Record<string, { readonly tokens: number; readonly filled: number }>>;

const ALL = "";
/** How soon a message is looked at again whose key has as many leases as it may have: the first few at once, those behind them later. */
const FULL_FOR_MS = 50;
const FIRST_FEW = 8;
/** A long line is looked at no more often than it has to be: what stays away is what others pass by. */
const LONGEST_MS = 10_000;

interface Lane {
  readonly limit: Limit;
  leased: number;
  /** Infinite without a rate. */
  tokens: number;
  /** How many messages this turn has sent away. */
  passed: number;
}

/** What one claim may take under limits: all in memory, between coming in and leaving. */
export class Turn {
  readonly #lanes = new Map<string, Lane | null>();

  constructor(
    readonly limits: Limits,
    readonly found: Buckets,
    /** The key of each live lease. */
    readonly leasedKeys: readonly (string | null)[],
    readonly now: number,
  ) {}

  /** How many more messages there may be, keys aside. */
  roomForAll(): number {
    const lane = this.#lane(ALL);
    return lane === null ? Number.POSITIVE_INFINITY : roomIn(lane);
  }

  /** Null: it may be claimed, and its place is taken. Else how long it has to stay away. */
  admit(key: string | null, weight: number): number | null {
    // Something heavy that was admitted just now may have taken all tokens.
    for (const lane of [this.#lane(ALL), key === null ? null : this.#lane(key)]) if (lane !== null && roomIn(lane) < 1) return waitFor(lane);
    this.#count(key, 1, weight);
    return null;
  }

  /** It was admitted, and somebody else has it. */
  undo(key: string | null, weight: number): void {
    this.#count(key, -1, weight);
  }

  /** To be stored: what is not full. */
  buckets(): Buckets {
    const left: Record<string, { tokens: number; filled: number }> = {};
    for (const key of new Set([...Object.keys(this.found), ...this.#lanes.keys()])) {
      const lane = this.#lane(key);
      const rate = lane?.limit.rate;
      if (lane !== null && rate && lane.tokens < rate.burst)
        Object.defineProperty(left, key, { value: { tokens: lane.tokens, filled: this.now }, enumerable: true });
    }
    return left;
  }

  #count(key: string | null, by: 1 | -1, weight: number): void {
    for (const lane of [this.#lane(ALL), key === null ? null : this.#lane(key)]) {
      if (lane === null) continue;
      lane.leased += by;
      lane.tokens -= by * weight;
    }
  }

  #lane(key: string): Lane | null {
    let lane = this.#lanes.get(key);
    if (lane === undefined) {
      lane = this.#newLane(key);
      this.#lanes.set(key, lane);
    }
    return lane;
  }

  #newLane(key: string): Lane | null {
    const { all, eachKey, keys } = this.limits;
    const limit = key === ALL ? all : Object.hasOwn(keys, key) ? (keys[key] as Limit) : eachKey;
    if (limit === null) return null;
    const leased = key === ALL ? this.leasedKeys.length : this.leasedKeys.filter((each) => each === key).length;
    return { limit, leased, tokens: this.#tokens(key, limit), passed: 0 };
  }

  #tokens(key: string, { rate }: Limit): number {
    if (rate === null) return Number.POSITIVE_INFINITY;
    const bucket = Object.hasOwn(this.found, key) ? this.found[key] : undefined;
    if (bucket === undefined) return rate.burst;
    return Math.min(rate.burst, bucket.tokens + ((this.now - bucket.filled) / 1000) * rate.perSecond);
  }
}

function roomIn({ limit, leased, tokens }: Lane): number {
  const free = limit.atOnce === null ? Number.POSITIVE_INFINITY : limit.atOnce - leased;
  return Math.floor(Math.min(free, tokens));
}

/** Each that waits for a bucket comes back with a token of its own, and so in the order they came. */
function waitFor(lane: Lane): number {
  const { limit, tokens } = lane;
  lane.passed += 1;
  const isFull = limit.rate === null || tokens >= 1;
  const waitMs = isFull ? FULL_FOR_MS * Math.ceil(lane.passed / FIRST_FEW) : ((lane.passed - tokens) / limit.rate.perSecond) * 1000;
  return Math.min(LONGEST_MS, waitMs);
}
