import type { Message, PushAnswer } from "../backend.js";
import { QueueError } from "../queue-error.js";
import type { Place } from "./channel-context.js";
import { headersOf } from "./envelope.js";
import { NO_MEMORY } from "./leases.js";
import { tokenOf } from "./names.js";

/**
 * First all looks, at once, and then all writes, in the order of the messages. The queue is looked at before what is done or dead:
 * a message that moves on in between is seen in either place.
 */
export async function pushAll(place: Place, messages: readonly Message[]): Promise<PushAnswer[]> {
  const now = await place.clock.now();
  const seen = new Set<string>();
  const known = await Promise.all(
    messages.map(async ({ id }) => {
      if (seen.has(id)) return true;
      seen.add(id);
      return isKnown(place, tokenOf(id), now);
    }),
  );
  return Promise.all(messages.map((message, index) => (known[index] ? "duplicate" : pushOne(place, message, now))));
}

async function isKnown({ requests, names, retentionMs }: Place, token: string, now: number): Promise<boolean> {
  if ((await requests.last(names.queue, names.queued("*", token))) !== null) return true;
  const [done, dead] = await Promise.all([requests.last(names.done, names.doneId(token)), requests.last(names.dead, names.letter(token))]);
  return dead !== null || (done !== null && done.time.getTime() + retentionMs > now);
}

/** What a message gains on its way to the dead letters: its last failure, and what the queue knows of it. */
const HEADROOM_BYTES = 32_768;

async function pushOne({ client, requests, names, leases }: Place, message: Message, now: number): Promise<PushAnswer> {
  const maxPayload = client.connection.info?.max_payload;
  if (maxPayload !== undefined && Buffer.byteLength(message.body) + HEADROOM_BYTES > maxPayload)
    throw new QueueError("refused", `${client.address} takes no message of this size: raise its max_payload (${maxPayload} bytes)`);
  const token = tokenOf(message.id);
  const due = message.delayMs > 0 ? Math.ceil(now + message.delayMs) : null;
  // The record comes first, so that nobody claims the message in between. If there is one, it is from a push that did not get further.
  if (due !== null) await leases.write(token, { kind: "delayed", until: due, attempt: 0, failure: null, key: message.key, ...NO_MEMORY }, 0);
  const sequence = await requests.write({
    stream: names.queue,
    subject: names.queued(message.priority, token),
    body: message.body,
    headers: headersOf(message, due),
    expected: 0,
  });
  return sequence === null ? "duplicate" : "accepted";
}
