/** Null: no limit. Give every process that claims from a channel the same limits. */
export interface Limits {
  /** All messages together. */
  readonly all: Limit | null;
  /** Each key separately. Messages without a key count for `all` only. */
  readonly eachKey: Limit | null;
  /** Keys with their own limits. */
  readonly keys: Readonly<Record<string, Limit>>;
}

export interface Limit {
  /** How many may be leased at the same time. */
  readonly atOnce: number | null;
  readonly rate: Rate | null;
}

/** A token bucket: it holds `burst` tokens, each claim takes the message's weight, and it fills at an even pace. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

export const NO_LIMITS: Limits = { all: null, eachKey: null, keys: {} };
