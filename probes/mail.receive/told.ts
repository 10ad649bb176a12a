import type { Folder } from "./folders.js";
import type { Visit } from "./visit.js";

/**
 * When the server told of each of these messages. It says how many the folder holds now: the first time that it says enough for a
 * message to be among them is when that one was there. Null for what nothing was told of.
 */
export function arrivalsOf(visit: Visit, folder: Folder, uids: readonly number[]): Map<number, number | null> {
  const { told } = visit;
  const fresh = uids.filter((uid) => uid >= folder.firstNewUid);
  const last = told.at(-1)?.at ?? null;
  const before = folder.messages;
  const arrivals = fresh.map((uid, index) => {
    const first = visit.isCountLost ? undefined : told.find(({ exists }) => exists > before + index);
    return [uid, first?.at ?? last] as const;
  });
  // What was told of and is not among them is still to come: the server speaks of it before it finds it.
  folder.messages = visit.isCountLost ? (told.at(-1)?.exists ?? before) : before + fresh.length;
  visit.told = visit.isCountLost ? [] : told.filter(({ exists }) => exists > folder.messages);
  visit.isCountLost = false;
  return new Map(arrivals);
}
