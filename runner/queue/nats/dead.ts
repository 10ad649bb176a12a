import type { DeadLetter } from "../backend.js";
import type { Place } from "./channel-context.js";
import { envelopeIn, type Letter, letterIn, revivedHeaders } from "./envelope.js";
import { tokenOf } from "./names.js";
import { scan } from "./scan.js";

export async function deadLetters(place: Place, most: number): Promise<DeadLetter[]> {
  const stored = await scan(place, place.names.dead, place.names.letter("*"), most);
  return stored.flatMap(({ headers, body }) => {
    const envelope = envelopeIn(headers);
    if (envelope === null || headers === undefined) return [];
    const { attempts, failure } = letterIn(headers);
    return [{ id: envelope.id, key: envelope.key, body, attempts, failure }];
  });
}

/** Killed in between, a letter is in both places, and the next revival takes away the one that is left. */
export async function revive(place: Place, ids: readonly string[] | null): Promise<number> {
  const wanted = ids ?? (await deadLetters(place, Number.POSITIVE_INFINITY)).map(({ id }) => id);
  const revived = await Promise.all(wanted.map((id) => reviveOne(place, tokenOf(id))));
  return revived.filter(Boolean).length;
}

async function reviveOne(place: Place, token: string): Promise<boolean> {
  const { requests, names } = place;
  const letter = await requests.last(names.dead, names.letter(token));
  const envelope = envelopeIn(letter?.header);
  if (letter === null || envelope === null) return false;
  await remember(place, token, envelope.key, letterIn(letter.header));
  await requests.write({
    stream: names.queue,
    subject: names.queued(envelope.priority, token),
    body: letter.string(),
    headers: revivedHeaders(envelope),
    expected: 0,
  });
  return requests.remove(names.dead, letter.seq);
}

/** Before the message is there: a record of this kind waits for it. */
async function remember({ leases }: Place, token: string, key: string | null, { kept, part }: Letter): Promise<void> {
  if (kept === null && part === 1) return;
  await leases.write(token, { kind: "delayed", until: 0, attempt: 0, failure: null, key, kept, part }, 0);
}
