import type { LastFailure } from "../last-failure.js";
import type { Names } from "./names.js";
import type { Requests } from "./requests.js";

/**
 * What became of a message since it was first claimed. NATS redelivers, but it takes the acknowledgement of whoever held a
 * message before: that a lease is lost can be told only by a record which every step replaces, and only if it is the one
 * that it saw last.
 */
export interface LeaseRecord {
  /** leased: until `until`. ending: its outcome is being stored, until `until`. delayed: until `until`. free: given back. */
  readonly kind: "leased" | "ending" | "delayed" | "free";
  readonly until: number;
  /** How many attempts were begun. */
  readonly attempt: number;
  readonly failure: LastFailure | null;
  /** The message's, for limits. */
  readonly key: string | null;
  /** Where what the message kept lies in its stream. */
  readonly kept: number | null;
  readonly part: number;
}

/** Of a message that was never claimed. */
export const NO_MEMORY = { kept: null, part: 1 } as const;

export interface StoredRecord extends LeaseRecord {
  /** Of the record: the next step names it. */
  readonly fence: number;
}

export class Leases {
  constructor(
    readonly requests: Requests,
    readonly names: Names,
  ) {}

  async read(token: string): Promise<StoredRecord | null> {
    const stored = await this.requests.last(this.names.leases, this.names.lease(token));
    return stored === null ? null : { ...recordIn(stored.string()), fence: stored.seq };
  }

  /** The new fence; null when the record is another by now. `fence` 0: there is none yet. */
  write(token: string, record: LeaseRecord, fence: number): Promise<number | null> {
    return this.requests.write({ stream: this.names.leases, subject: this.names.lease(token), body: JSON.stringify(record), expected: fence });
  }

  /** False: the record is another by now. */
  remove(fence: number): Promise<boolean> {
    return this.requests.remove(this.names.leases, fence);
  }
}

export function recordIn(text: string): LeaseRecord {
  return { ...NO_MEMORY, ...(JSON.parse(text) as LeaseRecord) };
}

/** Whether nobody may claim it yet. */
export function isHeld({ kind, until }: LeaseRecord, now: number): boolean {
  return kind !== "free" && until > now;
}
