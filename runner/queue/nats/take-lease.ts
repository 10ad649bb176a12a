import { acknowledge, delayRedelivery, redeliverNow } from "./acks.js";
import type { ChannelContext } from "./channel-context.js";
import { type Envelope, envelopeOf } from "./envelope.js";
import { isSettled } from "./is-settled.js";
import { isHeld, type LeaseRecord, NO_STATE, type StoredRecord } from "./lease-records.js";
import { tokenOf } from "./names.js";
import type { NatsLease } from "./nats-lease.js";
import type { Pulled } from "./pull.js";
import { readState } from "./saved-state.js";

/** How often in a row other processes may be faster to lease the same message. */
const MAX_ROUNDS = 5;

/** Leases a message that NATS delivered. Null: it is not due, another process holds it, or it is settled. */
export async function takeLease(context: ChannelContext, pulled: Pulled, leaseMs: number): Promise<NatsLease | null> {
  const envelope = envelopeOf(pulled.subject, pulled.headers);
  const token = tokenOf(envelope.id);
  // On its first delivery a message has no record yet.
  let record = pulled.delivered === 1 && envelope.due === null ? null : await context.leases.read(token);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    if (mayBeSettled(pulled, record) && (await isSettled(context, token, pulled.storedAt))) {
      await removeSettled(context, pulled, record);
      return null;
    }
    const now = await context.clock.now();
    const held = heldUntil(envelope, record, now);
    if (held !== null) {
      delayRedelivery(context.client, pulled.reply, held - now);
      return null;
    }
    const next = nextRecord(record, now + leaseMs, envelope.key);
    const fence = await context.leases.write(token, next, record?.fence ?? 0);
    if (fence !== null) {
      delayRedelivery(context.client, pulled.reply, leaseMs);
      return leasedOf(pulled, envelope, next, fence, await readState(context, next.kept));
    }
    record = await context.leases.read(token);
  }
  redeliverNow(context.client, pulled.reply);
  return null;
}

function leasedOf({ body, reply }: Pulled, envelope: Envelope, record: LeaseRecord, fence: number, savedState: string | null): NatsLease {
  const { attempt, failure, until, part } = record;
  const { id, key } = envelope;
  const message = { id, key, body, attempt, lastFailure: failure, savedState, part };
  return { ...message, envelope, token: tokenOf(id), reply, fence, until, stateSequence: record.kept, lastStep: Promise.resolve() };
}

function heldUntil({ due }: Envelope, record: StoredRecord | null, now: number): number | null {
  if (record === null) return due !== null && due > now ? due : null;
  return isHeld(record, now) ? record.until : null;
}

/** The reason of an expired lease is unknown, so the previous failure no longer applies. */
function nextRecord(record: LeaseRecord | null, until: number, key: string | null): LeaseRecord {
  const failure = record !== null && (record.kind === "delayed" || record.kind === "free") ? record.failure : null;
  const { kept, part } = record ?? NO_STATE;
  return { kind: "leased", until, attempt: (record?.attempt ?? 0) + 1, failure, key, kept, part };
}

/**
 * Its holder stored the outcome and died before it acknowledged the message. Or the server died, and restored what it had removed in its last
 * moments, because removals are written to its disk later.
 */
function mayBeSettled({ delivered }: Pulled, record: StoredRecord | null): boolean {
  return record === null ? delivered > 1 : record.kind === "ending";
}

async function removeSettled({ requests, leases }: ChannelContext, { reply }: Pulled, record: StoredRecord | null): Promise<void> {
  if (record !== null) await leases.remove(record.fence);
  await acknowledge(requests, reply);
}
