import type { DeadLetter } from "../backend.js";
import type { ChannelContext } from "./channel-context.js";
import { type DeadLetterFields, deadLetterFieldsIn, envelopeIn, retriedHeaders } from "./envelope.js";
import { tokenOf } from "./names.js";
import { scan } from "./scan.js";
import { headersIn } from "./stored-fields.js";

export async function deadLetters(context: ChannelContext, max: number): Promise<DeadLetter[]> {
  const stored = await scan(context, context.names.dead, context.names.deadLetter("*"), max);
  return stored.flatMap(({ subject, headers, body }) => {
    const envelope = envelopeIn(subject, headers);
    if (envelope === null) return [];
    const { attempts, failure } = deadLetterFieldsIn(headers);
    return [{ id: envelope.id, key: envelope.key, body, attempts, failure }];
  });
}

/** If the process is killed in between, the message is in the queue and among the dead letters; the next retry removes the second copy. */
export async function retryDead(context: ChannelContext, ids: readonly string[] | null): Promise<number> {
  const wanted = ids ?? (await deadLetters(context, Number.POSITIVE_INFINITY)).map(({ id }) => id);
  const retried = await Promise.all(wanted.map((id) => retryOne(context, tokenOf(id))));
  return retried.filter(Boolean).length;
}

async function retryOne(context: ChannelContext, token: string): Promise<boolean> {
  const { requests, names } = context;
  const deadLetter = await requests.last(names.dead, names.deadLetter(token));
  const headers = headersIn(() => deadLetter?.header);
  const envelope = deadLetter === null ? null : envelopeIn(deadLetter.subject, headers);
  if (deadLetter === null || envelope === null) return false;
  await restoreState(context, token, envelope.key, deadLetterFieldsIn(headers));
  await requests.write({
    stream: names.queue,
    subject: names.queued(envelope.priority, token),
    body: deadLetter.string(),
    headers: retriedHeaders(envelope),
    expected: 0,
  });
  return requests.remove(names.dead, deadLetter.seq);
}

/** Written before the message: a record of this kind is kept until the message is there. */
async function restoreState({ leases }: ChannelContext, token: string, key: string | null, { kept, part }: DeadLetterFields): Promise<void> {
  if (kept === null && part === 1) return;
  await leases.write(token, { kind: "delayed", until: 0, attempt: 0, failure: null, key, kept, part }, 0);
}
