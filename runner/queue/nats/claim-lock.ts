import type { Limits } from "../../limits/limits.js";
import { MAX_WEIGHT } from "../backend.js";
import type { ChannelContext } from "./channel-context.js";
import { type Buckets, ClaimLimits } from "./claim-limits.js";
import { isHeld, recordIn } from "./lease-records.js";
import { scan } from "./scan.js";
import { fieldsIn, isNumberIn } from "./stored-fields.js";

/** If the holder of the lock dies, others wait this long; a claim takes about ten milliseconds. */
const LOCK_MS = 5000;

/** When the lock expires, and the levels of the buckets. */
interface LockRecord {
  readonly until: number;
  readonly buckets: Buckets;
}

const UNLOCKED: LockRecord = { until: 0, buckets: {} };

/**
 * With limits, one process claims at a time, and decides by the stored leases that have not expired and by the buckets. Without limits the lock is
 * not used.
 */
export class ClaimLock {
  constructor(readonly context: ChannelContext) {}

  /** Null: another process holds the lock. */
  async acquire(limits: Limits): Promise<{ claimLimits: ClaimLimits; release(): Promise<void> } | null> {
    const { clock, names } = this.context;
    const stored = await this.context.requests.last(names.leases, names.claimLock);
    const now = await clock.now();
    const found = stored === null ? UNLOCKED : lockIn(stored.string(), now);
    if (found.until > now) return null;
    const fence = await this.#write({ until: now + LOCK_MS, buckets: found.buckets }, stored?.seq ?? 0);
    if (fence === null) return null;
    const claimLimits = new ClaimLimits(limits, found.buckets, await this.#leasedKeys(), await clock.now());
    return { claimLimits, release: async () => void (await this.#write({ until: 0, buckets: claimLimits.buckets() }, fence)) };
  }

  #write(record: LockRecord, expected: number): Promise<number | null> {
    const { requests, names } = this.context;
    return requests.write({ stream: names.leases, subject: names.claimLock, body: JSON.stringify(record), expected });
  }

  async #leasedKeys(): Promise<(string | null)[]> {
    const { names, clock } = this.context;
    const records = await scan(this.context, names.leases, names.lease("*"), Number.POSITIVE_INFINITY);
    const now = await clock.now();
    return records.map(({ body }) => recordIn(body)).flatMap((record) => (record.kind !== "delayed" && isHeld(record, now) ? [record.key] : []));
  }
}

/** A record that our programs did not write locks nothing, and no bucket was filled later than now. Clocks of processes differ a little. */
function lockIn(text: string, now: number): LockRecord {
  const { until, buckets } = fieldsIn(text);
  const read: [string, Buckets[string]][] = Object.entries(buckets ?? {}).flatMap(([key, bucket]) => {
    const { tokens, filled } = (bucket ?? {}) as Record<string, unknown>;
    const isBucket = isNumberIn(tokens, -MAX_WEIGHT, MAX_WEIGHT) && isNumberIn(filled, 0, Number.MAX_SAFE_INTEGER);
    return isBucket ? [[key, { tokens, filled: Math.min(filled, now) }]] : [];
  });
  return { until: isNumberIn(until, 0, now + 2 * LOCK_MS) ? until : 0, buckets: Object.fromEntries(read) };
}
