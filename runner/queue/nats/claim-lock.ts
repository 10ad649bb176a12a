import type { Limits } from "../../limits/limits.js";
import type { Place } from "./channel-context.js";
import { type Buckets, Turn } from "./claim-limits.js";
import { isHeld, recordIn } from "./leases.js";
import { scan } from "./scan.js";

/** Whoever dies inside keeps the others out for no longer than this; a claim takes some ten milliseconds. */
const TURN_MS = 5000;

/** Who is inside, until when, and what is left in the buckets. */
interface GateRecord {
  readonly until: number;
  readonly buckets: Buckets;
}

const OPEN: GateRecord = { until: 0, buckets: {} };

/**
 * Under limits one process claims at a time, and decides by what it finds stored: the leases that live, which a dead worker's do not,
 * and the buckets. Without limits nobody comes by here.
 */
export class Gate {
  constructor(readonly place: Place) {}

  /** Null: somebody else is inside. */
  async enter(limits: Limits): Promise<{ turn: Turn; leave(): Promise<void> } | null> {
    const { clock, names } = this.place;
    const stored = await this.place.requests.last(names.leases, names.gate);
    const found = stored === null ? OPEN : (JSON.parse(stored.string()) as GateRecord);
    const now = await clock.now();
    if (found.until > now) return null;
    const fence = await this.#write({ until: now + TURN_MS, buckets: found.buckets }, stored?.seq ?? 0);
    if (fence === null) return null;
    const turn = new Turn(limits, found.buckets, await this.#leasedKeys(), await clock.now());
    return { turn, leave: async () => void (await this.#write({ until: 0, buckets: turn.buckets() }, fence)) };
  }

  #write(record: GateRecord, expected: number): Promise<number | null> {
    const { requests, names } = this.place;
    return requests.write({ stream: names.leases, subject: names.gate, body: JSON.stringify(record), expected });
  }

  async #leasedKeys(): Promise<(string | null)[]> {
    const { names, clock } = this.place;
    const records = await scan(this.place, names.leases, names.lease("*"), Number.POSITIVE_INFINITY);
    const now = await clock.now();
    return records.map(({ body }) => recordIn(body)).flatMap((record) => (record.kind !== "delayed" && isHeld(record, now) ? [record.key] : []));
  }
}
