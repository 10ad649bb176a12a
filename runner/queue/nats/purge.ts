import type { Purgeable } from "../backend.js";
import { acknowledge } from "./acks.js";
import type { Place } from "./channel-context.js";
import { letterIn } from "./envelope.js";
import { forget } from "./keep.js";
import { isHeld, type LeaseRecord, recordIn } from "./leases.js";
import type { Lanes } from "./priority-consumers.js";
import { pull } from "./pull.js";
import { scan } from "./scan.js";
import { take } from "./take.js";

const AT_A_TIME = 200;
/** How long it keeps away what it is about to take away. */
const TAKING_MS = 30_000;

export async function purge(place: Place, lanes: Lanes, what: Purgeable): Promise<number> {
  const { client, requests, names } = place;
  if (what === "waiting") return (await purgeTouched(place)) + (await purgeUntouched(place, lanes));
  if (what === "dead") await forgetLetters(place);
  const { purged } = await requests.retried(() => client.manager.streams.purge(names[what]));
  return purged;
}

async function forgetLetters(place: Place): Promise<void> {
  const letters = await scan(place, place.names.dead, place.names.letter("*"), Number.POSITIVE_INFINITY);
  await Promise.all(letters.map(({ headers }) => forget(place, headers === undefined ? null : letterIn(headers).kept)));
}

/** What has a record: delayed, given back, or left by somebody who died. Consumers do not hand out what is delayed. */
async function purgeTouched(place: Place): Promise<number> {
  const { requests, names, leases, clock } = place;
  const now = await clock.now();
  const isTaken = (record: LeaseRecord): boolean => (record.kind === "leased" || record.kind === "ending") && isHeld(record, now);
  const records = await scan(place, names.leases, names.lease("*"), Number.POSITIVE_INFINITY);
  const purged = await Promise.all(
    records.map(async ({ subject, body }) => {
      if (isTaken(recordIn(body))) return false;
      const token = subject.slice(names.lease("").length);
      const current = await leases.read(token);
      if (current === null || isTaken(current)) return false;
      const fence = await leases.write(token, { ...current, kind: "ending", until: now + TAKING_MS }, current.fence);
      if (fence === null) return false;
      const message = await requests.last(names.queue, names.queued("*", token));
      const isRemoved = message !== null && (await requests.remove(names.queue, message.seq));
      await leases.remove(fence);
      await forget(place, current.kept);
      return isRemoved;
    }),
  );
  return purged.filter(Boolean).length;
}

async function purgeUntouched(place: Place, lanes: Lanes): Promise<number> {
  let purged = 0;
  for (const consumer of await lanes.busy()) {
    for (;;) {
      const pulled = await pull(place.client, place.names.queue, consumer, AT_A_TIME);
      if (pulled.length === 0) break;
      const taken = (await Promise.all(pulled.map((each) => take(place, each, TAKING_MS)))).filter((leased) => leased !== null);
      await Promise.all(
        taken.map(async ({ fence, reply, keptAt }) => {
          await place.leases.remove(fence);
          await forget(place, keptAt);
          await acknowledge(place.requests, reply);
        }),
      );
      purged += taken.length;
    }
  }
  return purged;
}
