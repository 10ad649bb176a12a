import type { StoredMsg } from "@nats-io/jetstream";
import type { Place } from "./channel-context.js";
import { envelopeOf, letterIn } from "./envelope.js";
import { isOver } from "./is-settled.js";
import { forget } from "./keep.js";
import { recordIn } from "./leases.js";
import { tokenOf } from "./names.js";
import type { Lanes } from "./priority-consumers.js";
import { scan } from "./scan.js";

/**
 * Takes away the records of messages that are no more: a server that was killed brings back what it had taken away last, and a process that
 * was killed leaves what it had not yet taken away.
 */
export async function sweepLeases(place: Place): Promise<void> {
  const { requests, names, leases } = place;
  const records = await scan(place, names.leases, names.lease("*"), Number.POSITIVE_INFINITY);
  for (const { subject, body } of records) {
    // That one is written before its message is; every other goes before its message goes.
    if (recordIn(body).kind === "delayed") continue;
    const token = subject.slice(names.lease("").length);
    const record = await leases.read(token);
    // In this order: whoever pushes the id anew claims it with a record of its own.
    if (record !== null && record.kind !== "delayed" && (await requests.last(names.queue, names.queued("*", token))) === null)
      await leases.remove(record.fence);
  }
}

/** How many texts one sweep looks at, each with up to four requests. */
const MOST_TEXTS = 50;
/** Younger ones may be about to be named. */
const YOUNG_MS = 60_000;

/** Takes away texts that nothing names: whoever wrote them died, or lost its lease. Gives where the next sweep begins. */
export async function sweepKept(place: Place, begin: number, youngMs = YOUNG_MS): Promise<number> {
  const { client, requests, names, clock } = place;
  let from = begin;
  const now = await clock.now();
  for (let looked = 0; looked < MOST_TEXTS; looked++) {
    const next = { seq: from, next_by_subj: names.keptText("*") };
    const found = await requests.retried(() => client.manager.streams.getMessage(names.kept, next));
    if (found === null || found.time.getTime() > now - youngMs) return 1;
    from = found.seq + 1;
    const token = found.subject.slice(names.keptText("").length);
    if (!(await isNamed(place, token, found.seq))) await forget(place, found.seq);
  }
  return from;
}

/** A dying message is named by its letter before its record goes, a revived one by its record before its letter goes: so once more. */
async function isNamed({ requests, names, leases }: Place, token: string, keptAt: number): Promise<boolean> {
  const isRecords = async (): Promise<boolean> => (await leases.read(token))?.kept === keptAt;
  const isLetters = async (): Promise<boolean> => {
    const letter = await requests.last(names.dead, names.letter(token));
    return letter !== null && letterIn(letter.header).kept === keptAt;
  };
  return (await isRecords()) || (await isLetters()) || (await isRecords());
}

/**
 * Messages that were acknowledged and that a killed server brought back: its consumers know that, and never hand them out again. What is
 * done goes away. What is not known to be done is put in anew, for somebody may have lost it.
 */
export async function sweepQueue(place: Place, lanes: Lanes): Promise<void> {
  const { client, requests, names } = place;
  for (const { filter, acknowledged } of await lanes.acknowledged()) {
    for (let from = 1; from <= acknowledged; ) {
      // The server's own query: the first one from there on. The client's types know it for other requests only.
      const next = { seq: from, next_by_subj: filter };
      const found = await requests.retried(() => client.manager.streams.getMessage(names.queue, next));
      if (found === null || found.seq > acknowledged) break;
      from = found.seq + 1;
      await clear(place, found);
    }
  }
}

async function clear(place: Place, stored: StoredMsg): Promise<void> {
  const { requests, names } = place;
  const { subject, header, seq, time } = stored;
  const headers = Object.fromEntries(header.keys().map((name) => [name, header.get(name)]));
  const token = tokenOf(envelopeOf(subject, header).id);
  if (!(await isOver(place, token, time.getTime()))) await requests.write({ stream: names.queue, subject, body: stored.string(), headers, expected: seq });
  await requests.remove(names.queue, seq);
}
