import type { PurgeableState } from "../backend.js";
import { acknowledge } from "./acks.js";
import type { ChannelContext } from "./channel-context.js";
import { deadLetterFieldsIn } from "./envelope.js";
import { isHeld, type LeaseRecord, recordIn } from "./lease-records.js";
import type { PriorityConsumers } from "./priority-consumers.js";
import { pull } from "./pull.js";
import { removeState } from "./saved-state.js";
import { scan } from "./scan.js";
import { takeLease } from "./take-lease.js";

const BATCH_SIZE = 200;
/** How long a message is leased in order to be purged. */
const PURGE_LEASE_MS = 30_000;

export async function purge(context: ChannelContext, consumers: PriorityConsumers, what: PurgeableState): Promise<number> {
  const { client, requests, names } = context;
  if (what === "waiting") return (await purgeWithRecord(context)) + (await purgeNeverClaimed(context, consumers));
  if (what === "dead") await removeDeadStates(context);
  const { purged } = await requests.retry(() => client.manager.streams.purge(names[what]));
  return purged;
}

async function removeDeadStates(context: ChannelContext): Promise<void> {
  const deadLetters = await scan(context, context.names.dead, context.names.deadLetter("*"), Number.POSITIVE_INFINITY);
  await Promise.all(deadLetters.map(({ headers }) => removeState(context, deadLetterFieldsIn(headers).kept)));
}

/** Messages with a record: delayed, released, or held by a process that died. Consumers do not deliver those that are delayed. */
async function purgeWithRecord(context: ChannelContext): Promise<number> {
  const { requests, names, leases, clock } = context;
  const now = await clock.now();
  const isTaken = (record: LeaseRecord): boolean => (record.kind === "leased" || record.kind === "ending") && isHeld(record, now);
  const records = await scan(context, names.leases, names.lease("*"), Number.POSITIVE_INFINITY);
  const purged = await Promise.all(
    records.map(async ({ subject, body }) => {
      if (isTaken(recordIn(body))) return false;
      const token = subject.slice(names.lease("").length);
      const current = await leases.read(token);
      if (current === null || isTaken(current)) return false;
      const fence = await leases.write(token, { ...current, kind: "ending", until: now + PURGE_LEASE_MS }, current.fence);
      if (fence === null) return false;
      const message = await requests.last(names.queue, names.queued("*", token));
      const isRemoved = message !== null && (await requests.remove(names.queue, message.seq));
      await leases.remove(fence);
      await removeState(context, current.kept);
      return isRemoved;
    }),
  );
  return purged.filter(Boolean).length;
}

async function purgeNeverClaimed(context: ChannelContext, consumers: PriorityConsumers): Promise<number> {
  let purged = 0;
  for (const consumer of await consumers.busy()) {
    for (;;) {
      const pulled = await pull(context.client, context.names.queue, consumer, BATCH_SIZE);
      if (pulled.length === 0) break;
      const taken = (await Promise.all(pulled.map((each) => takeLease(context, each, PURGE_LEASE_MS)))).filter((leased) => leased !== null);
      await Promise.all(
        taken.map(async ({ fence, reply, stateSequence }) => {
          await context.leases.remove(fence);
          await removeState(context, stateSequence);
          await acknowledge(context.requests, reply);
        }),
      );
      purged += taken.length;
    }
  }
  return purged;
}
