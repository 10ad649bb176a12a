import { acknowledge, giveBack, keepAway } from "./acks.js";
import type { Place } from "./channel-context.js";
import { type Envelope, envelopeOf } from "./envelope.js";
import { isOver } from "./is-settled.js";
import { readKept } from "./keep.js";
import type { Leased } from "./leased.js";
import { isHeld, type LeaseRecord, NO_MEMORY, type StoredRecord } from "./leases.js";
import { tokenOf } from "./names.js";
import type { Pulled } from "./pull.js";

/** Others who go for the same message win no more often than this in a row. */
const MOST_ROUNDS = 5;

/** Leases a message that NATS handed out. Null: it is not due, it is somebody's, or it is done with. */
export async function take(place: Place, pulled: Pulled, leaseMs: number): Promise<Leased | null> {
  const envelope = envelopeOf(pulled.subject, pulled.headers);
  const token = tokenOf(envelope.id);
  // What comes for the first time has no record yet: nobody needs to look.
  let record = pulled.delivered === 1 && envelope.due === null ? null : await place.leases.read(token);
  for (let round = 0; round < MOST_ROUNDS; round++) {
    if (mayBeOver(pulled, record) && (await isOver(place, token, pulled.storedAt))) {
      await clearAway(place, pulled, record);
      return null;
    }
    const now = await place.clock.now();
    const held = heldUntil(envelope, record, now);
    if (held !== null) {
      keepAway(place.client, pulled.reply, held - now);
      return null;
    }
    const next = nextRecord(record, now + leaseMs, envelope.key);
    const fence = await place.leases.write(token, next, record?.fence ?? 0);
    if (fence !== null) {
      keepAway(place.client, pulled.reply, leaseMs);
      return leasedOf(pulled, envelope, next, fence, await readKept(place, next.kept));
    }
    record = await place.leases.read(token);
  }
  giveBack(place.client, pulled.reply);
  return null;
}

function leasedOf({ body, reply }: Pulled, envelope: Envelope, record: LeaseRecord, fence: number, kept: string | null): Leased {
  const { attempt, failure, until, part } = record;
  const { id, key } = envelope;
  const delivery = { id, key, body, attempt, lastFailure: failure, kept, part };
  return { ...delivery, envelope, token: tokenOf(id), reply, fence, until, keptAt: record.kept, lastStep: Promise.resolve() };
}

function heldUntil({ due }: Envelope, record: StoredRecord | null, now: number): number | null {
  if (record === null) return due !== null && due > now ? due : null;
  return isHeld(record, now) ? record.until : null;
}

/** A lease that ran out says nothing about why: its failure is forgotten. */
function nextRecord(record: LeaseRecord | null, until: number, key: string | null): LeaseRecord {
  const failure = record !== null && (record.kind === "delayed" || record.kind === "free") ? record.failure : null;
  const { kept, part } = record ?? NO_MEMORY;
  return { kind: "leased", until, attempt: (record?.attempt ?? 0) + 1, failure, key, kept, part };
}

/**
 * Whoever held it stored the outcome, and died before it told NATS. Or the server died: it comes back with what was stored, and also
 * with what was taken away in its last moments, for that is written to its disk later.
 */
function mayBeOver({ delivered }: Pulled, record: StoredRecord | null): boolean {
  return record === null ? delivered > 1 : record.kind === "ending";
}

async function clearAway({ requests, leases }: Place, { reply }: Pulled, record: StoredRecord | null): Promise<void> {
  if (record !== null) await leases.remove(record.fence);
  await acknowledge(requests, reply);
}
