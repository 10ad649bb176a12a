import type { Folder } from "./folders.js";
import type { MailboxState } from "./mailbox-state.js";

/**
 * When the server announced each of these messages. It reports the number of messages in the folder: the first time it is high enough for a
 * message to be among them is when it had arrived. Null if nothing was announced.
 */
export function arrivalsOf(visit: MailboxState, folder: Folder, uids: readonly number[], lookedAt: number): Map<number, number | null> {
  const { announced, isCountLost } = visit;
  const fresh = uids.filter((uid) => uid >= folder.firstNewUid);
  const last = announced.at(-1)?.at ?? null;
  const arrivals = fresh.map((uid, index) => {
    const first = isCountLost ? undefined : announced.find(({ exists }) => exists > folder.messages + index);
    return [uid, first?.at ?? last] as const;
  });
  const known = announced.filter(({ at }) => at <= lookedAt);
  folder.messages = known.at(-1)?.exists ?? folder.messages + fresh.length;
  // What it announced after that may have come too late for this search.
  visit.announced = announced.filter(({ at }) => at > lookedAt);
  visit.isCountLost = false;
  return new Map(arrivals);
}
