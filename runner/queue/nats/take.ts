import type { StoredMsg } from "@nats-io/jetstream";
import { acknowledge, giveBack, keepAway } from "./acks.js";
import { type Envelope, envelopeIn } from "./envelope.js";
import type { Leased } from "./leased.js";
import { isHeld, type LeaseRecord, type StoredRecord } from "./leases.js";
import { tokenOf } from "./names.js";
import type { Place } from "./place.js";
import type { Pulled } from "./pull.js";

/** Others who go for the same message win no more often than this in a row. */
const MOST_ROUNDS = 5;

/** Leases a message that NATS handed out. Null: it is not due, it is somebody's, or it is done with. */
export async function take(place: Place, pulled: Pulled, leaseMs: number): Promise<Leased | null> {
  const envelope = envelopeIn(pulled.headers) ?? foreignEnvelope(pulled);
  const token = tokenOf(envelope.id);
  // What comes for the first time has no record yet: nobody needs to look.
  let record = pulled.delivered === 1 && envelope.due === null ? null : await place.leases.read(token);
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const now = await place.clock.now();
    const held = heldUntil(envelope, record, now);
    if (held !== null) {
      keepAway(place.client, pulled.reply, held - now);
      return null;
    }
    if (pulled.delivered > 1 && (record === null || record.kind === "ending") && (await isOver(place, token, pulled))) {
      await clearAway(place, pulled, record);
      return null;
    }
    const next = nextRecord(record, now + leaseMs);
    const fence = await place.leases.write(token, next, record?.fence ?? 0);
    if (fence !== null) {
      keepAway(place.client, pulled.reply, leaseMs);
      const { id, key } = envelope;
      return { id, key, body: pulled.body, attempt: next.attempt, lastFailure: next.failure, envelope, token, reply: pulled.reply, fence };
    }
    record = await place.leases.read(token);
  }
  giveBack(place.client, pulled.reply);
  return null;
}

function heldUntil({ due }: Envelope, record: StoredRecord | null, now: number): number | null {
  if (record === null) return due !== null && due > now ? due : null;
  return isHeld(record, now) ? record.until : null;
}

/** A lease that ran out says nothing about why: its failure is forgotten. */
function nextRecord(record: LeaseRecord | null, until: number): LeaseRecord {
  const failure = record !== null && (record.kind === "delayed" || record.kind === "free") ? record.failure : null;
  return { kind: "leased", until, attempt: (record?.attempt ?? 0) + 1, failure };
}

/** Whoever held it stored the outcome, and died before it told NATS. */
async function isOver({ requests, names }: Place, token: string, { storedAt }: Pulled): Promise<boolean> {
  const [done, dead] = await Promise.all([requests.last(names.done, names.doneId(token)), requests.last(names.dead, names.letter(token))]);
  const isLater = (end: StoredMsg | null): boolean => end !== null && end.time.getTime() >= Math.floor(storedAt);
  return isLater(done) || isLater(dead);
}

async function clearAway({ requests, leases }: Place, { reply }: Pulled, record: StoredRecord | null): Promise<void> {
  if (record !== null) await leases.remove(record.fence);
  await acknowledge(requests, reply);
}

/** Somebody else's message: its subject ends with what tells it from others. Whoever claims it will see that it is no event of ours. */
function foreignEnvelope({ subject }: Pulled): Envelope {
  return { id: subject, key: null, priority: 0, due: null };
}
