/** Nulls: no limit. Every process that claims from a channel is given the same. */
export interface Limits {
  /** All messages together. */
  readonly all: Limit | null;
  /** Each key on its own. Messages without a key are under `all` only. */
  readonly eachKey: Limit | null;
  /** Keys that differ from the others. */
  readonly keys: Readonly<Record<string, Limit>>;
}

export interface Limit {
  /** How many may be leased at one time. */
  readonly atOnce: number | null;
  readonly rate: Rate | null;
}

/** A token bucket: it holds `burst` tokens, each claim takes the message's weight, and it fills at an even pace. No window tumbles. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

export const NO_LIMITS: Limits = { all: null, eachKey: null, keys: {} };
