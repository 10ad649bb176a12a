import type { Limit, Limits } from "../../limits/limits.js";

/** By key; the empty key stands for all messages together. */
export type Buckets = Readonly<Record<string, { readonly tokens: number; readonly filled: number }>>;

const ALL = "";
/** How soon a message is delivered again if its key has reached its limit of leases: the first few soon, the others later. */
const RECHECK_FULL_MS = 50;
const FIRST_FEW = 8;
/** An upper bound of that delay. While messages of a long line are away, claims do not have to skip them. */
const MAX_DELAY_MS = 10_000;

interface LimitState {
  readonly limit: Limit;
  leased: number;
  /** Infinite without a rate. */
  tokens: number;
  /** How many messages this claim has sent back. */
  skipped: number;
}

/** What one claim may take within the limits. Computed in memory while the claim lock is held. */
export class ClaimLimits {
  readonly #states = new Map<string, LimitState | null>();

  constructor(
    readonly limits: Limits,
    readonly found: Buckets,
    /** The key of each unexpired lease. */
    readonly leasedKeys: readonly (string | null)[],
    readonly now: number,
  ) {}

  /** How many more messages the limit of all allows. */
  remaining(): number {
    const state = this.#stateOf(ALL);
    return state === null ? Number.POSITIVE_INFINITY : remainingIn(state);
  }

  /** Null: the message may be claimed, and counts from now on. Otherwise, the delay of its next delivery. */
  acquire(key: string | null, weight: number): number | null {
    // A heavy message that was claimed a moment ago may have taken all tokens.
    for (const state of [this.#stateOf(ALL), key === null ? null : this.#stateOf(key)]) if (state !== null && remainingIn(state) < 1) return waitFor(state);
    this.#count(key, 1, weight);
    return null;
  }

  /** For a message that was counted but that another worker got. */
  release(key: string | null, weight: number): void {
    this.#count(key, -1, weight);
  }

  /** The buckets to store: those that are not full. */
  buckets(): Buckets {
    const left: Record<string, { tokens: number; filled: number }> = {};
    for (const key of new Set([...Object.keys(this.found), ...this.#states.keys()])) {
      const state = this.#stateOf(key);
      const rate = state?.limit.rate;
      if (state !== null && rate && state.tokens < rate.burst)
        Object.defineProperty(left, key, { value: { tokens: state.tokens, filled: this.now }, enumerable: true });
    }
    return left;
  }

  #count(key: string | null, by: 1 | -1, weight: number): void {
    for (const state of [this.#stateOf(ALL), key === null ? null : this.#stateOf(key)]) {
      if (state === null) continue;
      state.leased += by;
      state.tokens -= by * weight;
    }
  }

  #stateOf(key: string): LimitState | null {
    let state = this.#states.get(key);
    if (state === undefined) {
      state = this.#newState(key);
      this.#states.set(key, state);
    }
    return state;
  }

  #newState(key: string): LimitState | null {
    const { all, eachKey, keys } = this.limits;
    const limit = key === ALL ? all : Object.hasOwn(keys, key) ? (keys[key] as Limit) : eachKey;
    if (limit === null) return null;
    const leased = key === ALL ? this.leasedKeys.length : this.leasedKeys.filter((each) => each === key).length;
    return { limit, leased, tokens: this.#tokens(key, limit), skipped: 0 };
  }

  #tokens(key: string, { rate }: Limit): number {
    if (rate === null) return Number.POSITIVE_INFINITY;
    const bucket = Object.hasOwn(this.found, key) ? this.found[key] : undefined;
    if (bucket === undefined) return rate.burst;
    return Math.min(rate.burst, bucket.tokens + ((this.now - bucket.filled) / 1000) * rate.perSecond);
  }
}

function remainingIn({ limit, leased, tokens }: LimitState): number {
  const free = limit.atOnce === null ? Number.POSITIVE_INFINITY : limit.atOnce - leased;
  return Math.floor(Math.min(free, tokens));
}

/** Each message that waits for a bucket is delivered again when it has a token of its own, so they keep their order. */
function waitFor(state: LimitState): number {
  const { limit, tokens } = state;
  state.skipped += 1;
  const isFull = limit.rate === null || tokens >= 1;
  const waitMs = isFull ? RECHECK_FULL_MS * Math.ceil(state.skipped / FIRST_FEW) : ((state.skipped - tokens) / limit.rate.perSecond) * 1000;
  return Math.min(MAX_DELAY_MS, waitMs);
}
