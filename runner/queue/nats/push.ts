import type { Message, PushAnswer } from "../backend.js";
import { QueueError } from "../queue-error.js";
import type { ChannelContext } from "./channel-context.js";
import { headersOf } from "./envelope.js";
import { NO_STATE } from "./lease-records.js";
import { tokenOf } from "./names.js";

/**
 * First all ids are looked up in parallel, then all messages are written in order. The queue is looked up before the done and dead ids, so a message
 * that moves in between is found in either place.
 */
export async function pushAll(context: ChannelContext, messages: readonly Message[]): Promise<PushAnswer[]> {
  const now = await context.clock.now();
  const seen = new Set<string>();
  const known = await Promise.all(
    messages.map(async ({ id }) => {
      if (seen.has(id)) return true;
      seen.add(id);
      return isKnown(context, tokenOf(id), now);
    }),
  );
  return Promise.all(messages.map((message, index) => (known[index] ? "duplicate" : pushOne(context, message, now))));
}

async function isKnown({ requests, names, retentionMs }: ChannelContext, token: string, now: number): Promise<boolean> {
  if ((await requests.last(names.queue, names.queued("*", token))) !== null) return true;
  const [done, dead] = await Promise.all([requests.last(names.done, names.doneId(token)), requests.last(names.dead, names.deadLetter(token))]);
  return dead !== null || (done !== null && done.time.getTime() + retentionMs > now);
}

/** What a dead letter adds to a message: its last failure and other headers. */
const HEADROOM_BYTES = 32_768;

async function pushOne({ client, requests, names, leases }: ChannelContext, message: Message, now: number): Promise<PushAnswer> {
  const maxPayload = client.connection.info?.max_payload;
  if (maxPayload !== undefined && Buffer.byteLength(message.body) + HEADROOM_BYTES > maxPayload)
    throw new QueueError("refused", `the message is too large for ${client.address}: raise its max_payload (${maxPayload} bytes)`);
  const token = tokenOf(message.id);
  const due = message.delayMs > 0 ? Math.ceil(now + message.delayMs) : null;
  // The record is written first, so that the message cannot be claimed in between. An existing record is left from an interrupted push.
  if (due !== null) await leases.write(token, { kind: "delayed", until: due, attempt: 0, failure: null, key: message.key, ...NO_STATE }, 0);
  const sequence = await requests.write({
    stream: names.queue,
    subject: names.queued(message.priority, token),
    body: message.body,
    headers: headersOf(message, due),
    expected: 0,
  });
  return sequence === null ? "duplicate" : "accepted";
}
