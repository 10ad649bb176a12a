import { failureIn, type LastFailure } from "../last-failure.js";
import type { Names } from "./names.js";
import type { Requests } from "./requests.js";
import { fieldsIn, isNumberIn, sequenceIn, textIn } from "./stored-fields.js";

/**
 * The state of a message since its first claim. NATS redelivers messages, but accepts the acknowledgement of any former holder. So a lost lease is
 * detected by a record that each step replaces, on condition that it is the one that the step has seen.
 */
export interface LeaseRecord {
  /** leased: until `until`. ending: its outcome is being stored, until `until`. delayed: until `until`. free: released. */
  readonly kind: "leased" | "ending" | "delayed" | "free";
  readonly until: number;
  /** The number of attempts so far. */
  readonly attempt: number;
  readonly failure: LastFailure | null;
  /** The key of the message, for limits. */
  readonly key: string | null;
  /** The sequence of its saved state in the stream of states. */
  readonly kept: number | null;
  readonly part: number;
}

/** For a message that was never claimed. */
export const NO_STATE = { kept: null, part: 1 } as const;

export interface StoredRecord extends LeaseRecord {
  /** The revision of the record, which the next step must name. */
  readonly fence: number;
}

export class LeaseRecords {
  constructor(
    readonly requests: Requests,
    readonly names: Names,
  ) {}

  async read(token: string): Promise<StoredRecord | null> {
    const stored = await this.requests.last(this.names.leases, this.names.lease(token));
    return stored === null ? null : { ...recordIn(stored.string()), fence: stored.seq };
  }

  /** Returns the new fence; null if the record has been replaced. `fence` 0: there is no record yet. */
  write(token: string, record: LeaseRecord, fence: number): Promise<number | null> {
    return this.requests.write({ stream: this.names.leases, subject: this.names.lease(token), body: JSON.stringify(record), expected: fence });
  }

  /** False: the record has been replaced. */
  remove(fence: number): Promise<boolean> {
    return this.requests.remove(this.names.leases, fence);
  }
}

const KINDS: readonly unknown[] = ["leased", "ending", "delayed", "free"] satisfies LeaseRecord["kind"][];

/** A record that cannot be read holds nothing back: its message is free. */
export function recordIn(text: string): LeaseRecord {
  const { kind, until, attempt, failure, key, kept, part } = fieldsIn(text);
  const isRecord = KINDS.includes(kind) && isNumberIn(until, 0, Number.MAX_SAFE_INTEGER);
  return {
    ...(isRecord ? { kind: kind as LeaseRecord["kind"], until } : { kind: "free", until: 0 }),
    attempt: isNumberIn(attempt, 0, Number.MAX_SAFE_INTEGER - 1) ? attempt : 0,
    failure: failureIn(failure),
    key: textIn(key),
    kept: sequenceIn(kept),
    part: isNumberIn(part, 1, Number.MAX_SAFE_INTEGER - 1) ? part : NO_STATE.part,
  };
}

/** Whether the message cannot be claimed yet. */
export function isHeld({ kind, until }: LeaseRecord, now: number): boolean {
  return kind !== "free" && until > now;
}
