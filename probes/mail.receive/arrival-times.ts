import type { Folder } from "./folders.js";
import type { MailboxState } from "./mailbox-state.js";

/**
 * When the server told of each of these messages. It says how many the folder holds now: the first time that it says enough for a
 * message to be among them is when that one was there. Null for what nothing was told of.
 */
export function arrivalsOf(visit: MailboxState, folder: Folder, uids: readonly number[], lookedAt: number): Map<number, number | null> {
  const { told, isCountLost } = visit;
  const fresh = uids.filter((uid) => uid >= folder.firstNewUid);
  const last = told.at(-1)?.at ?? null;
  const arrivals = fresh.map((uid, index) => {
    const first = isCountLost ? undefined : told.find(({ exists }) => exists > folder.messages + index);
    return [uid, first?.at ?? last] as const;
  });
  const heard = told.filter(({ at }) => at <= lookedAt);
  folder.messages = heard.at(-1)?.exists ?? folder.messages + fresh.length;
  // What it told of since may have come too late for this look.
  visit.told = told.filter(({ at }) => at > lookedAt);
  visit.isCountLost = false;
  return new Map(arrivals);
}
