import type { StoredMsg } from "@nats-io/jetstream";
import { envelopeOf } from "./envelope.js";
import { isOver } from "./is-over.js";
import type { Lanes } from "./lanes.js";
import { recordIn } from "./leases.js";
import { tokenOf } from "./names.js";
import type { Place } from "./place.js";
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
