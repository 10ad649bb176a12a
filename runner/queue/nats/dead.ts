import type { DeadLetter } from "../backend.js";
import { envelopeIn, letterIn, revivedHeaders } from "./envelope.js";
import { tokenOf } from "./names.js";
import type { Place } from "./place.js";
import { scan } from "./scan.js";

export async function deadLetters(place: Place, most: number): Promise<DeadLetter[]> {
  const stored = await scan(place, place.names.dead, place.names.letter("*"), most);
  return stored.flatMap(({ headers, body }) => {
    const envelope = envelopeIn(headers);
    return envelope === null || headers === undefined ? [] : [{ id: envelope.id, key: envelope.key, body, ...letterIn(headers) }];
  });
}

/** Killed in between, a letter is in both places, and the next revival takes away the one that is left. */
export async function revive(place: Place, ids: readonly string[] | null): Promise<number> {
  const wanted = ids ?? (await deadLetters(place, Number.POSITIVE_INFINITY)).map(({ id }) => id);
  const revived = await Promise.all(wanted.map((id) => reviveOne(place, tokenOf(id))));
  return revived.filter(Boolean).length;
}

async function reviveOne({ requests, names }: Place, token: string): Promise<boolean> {
  const letter = await requests.last(names.dead, names.letter(token));
  const envelope = envelopeIn(letter?.header);
  if (letter === null || envelope === null) return false;
  await requests.write({
    stream: names.queue,
    subject: names.queued(envelope.priority, token),
    body: letter.string(),
    headers: revivedHeaders(envelope),
    expected: 0,
  });
  return requests.remove(names.dead, letter.seq);
}
