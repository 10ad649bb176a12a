import type { StoredMsg } from "@nats-io/jetstream";
import type { ChannelContext } from "./channel-context.js";
import { deadLetterFieldsIn, envelopeOf } from "./envelope.js";
import { isSettled } from "./is-settled.js";
import { recordIn } from "./lease-records.js";
import { tokenOf } from "./names.js";
import type { PriorityConsumers } from "./priority-consumers.js";
import { removeState } from "./saved-state.js";
import { scan } from "./scan.js";
import { headersIn } from "./stored-fields.js";

/**
 * Removes the records of messages that no longer exist: a killed server restores what it had removed last, and a killed process leaves what it had
 * not removed yet.
 */
export async function sweepLeases(context: ChannelContext): Promise<void> {
  const { requests, names, leases } = context;
  const records = await scan(context, names.leases, names.lease("*"), Number.POSITIVE_INFINITY);
  for (const { subject, body } of records) {
    // A delayed record is written before its message; all others are removed before their message.
    if (recordIn(body).kind === "delayed") continue;
    const token = subject.slice(names.lease("").length);
    const record = await leases.read(token);
    // In this order: a message that is pushed again with the same id gets a new record when it is claimed.
    if (record !== null && record.kind !== "delayed" && (await requests.last(names.queue, names.queued("*", token))) === null)
      await leases.remove(record.fence);
  }
}

/** How many states one sweep examines, with up to four requests for each. */
const MAX_STATES = 50;
/** A younger state may be about to get its reference. */
const MIN_AGE_MS = 60_000;

/** Removes states without a reference, left by a process that died or lost its lease. Returns where the next sweep starts. */
export async function sweepStates(context: ChannelContext, begin: number, minAgeMs = MIN_AGE_MS): Promise<number> {
  const { client, requests, names, clock } = context;
  let from = begin;
  const now = await clock.now();
  for (let looked = 0; looked < MAX_STATES; looked++) {
    const next = { seq: from, next_by_subj: names.state("*") };
    const found = await requests.retry(() => client.manager.streams.getMessage(names.states, next));
    if (found === null || found.time.getTime() > now - minAgeMs) return 1;
    from = found.seq + 1;
    const token = found.subject.slice(names.state("").length);
    if (!(await isReferenced(context, token, found.seq))) await removeState(context, found.seq);
  }
  return from;
}

/**
 * A message that dies is referenced by its dead letter before its record is removed, and one that is retried by its record before its dead letter is
 * removed: so the record is checked twice.
 */
async function isReferenced({ requests, names, leases }: ChannelContext, token: string, sequence: number): Promise<boolean> {
  const isInRecord = async (): Promise<boolean> => (await leases.read(token))?.kept === sequence;
  const isInDeadLetter = async (): Promise<boolean> => {
    const deadLetter = await requests.last(names.dead, names.deadLetter(token));
    return deadLetter !== null && deadLetterFieldsIn(headersIn(() => deadLetter.header)).kept === sequence;
  };
  return (await isInRecord()) || (await isInDeadLetter()) || (await isInRecord());
}

/**
 * Handles acknowledged messages that a killed server has restored: its consumers know that they were acknowledged and never deliver them. Settled
 * ones are removed. Any other may be lost, so it is stored again.
 */
export async function sweepQueue(context: ChannelContext, consumers: PriorityConsumers): Promise<void> {
  const { client, requests, names } = context;
  for (const { filter, acknowledged } of await consumers.acknowledged()) {
    for (let from = 1; from <= acknowledged; ) {
      // The server finds the first message from this sequence on. The client's types know this field for other requests only.
      const next = { seq: from, next_by_subj: filter };
      const found = await requests.retry(() => client.manager.streams.getMessage(names.queue, next));
      if (found === null || found.seq > acknowledged) break;
      from = found.seq + 1;
      await restoreOrRemove(context, found);
    }
  }
}

async function restoreOrRemove(context: ChannelContext, stored: StoredMsg): Promise<void> {
  const { requests, names } = context;
  const { subject, seq, time } = stored;
  const header = headersIn(() => stored.header);
  const headers = Object.fromEntries((header?.keys() ?? []).map((name) => [name, header?.get(name) ?? ""]));
  const token = tokenOf(envelopeOf(subject, header).id);
  if (!(await isSettled(context, token, time.getTime()))) await requests.write({ stream: names.queue, subject, body: stored.string(), headers, expected: seq });
  await requests.remove(names.queue, seq);
}
