import { mailboxStatus } from "../../runner/net/imap/mailbox.js";
import { FailureError } from "../../runner/run/failure-error.js";
import type { Folder } from "./folders.js";
import { listen } from "./idle-or-poll.js";
import { type MailboxState, openFolder } from "./mailbox-state.js";
import { reconnect } from "./reconnect.js";
import { type Match, searchAgain, searchFirst } from "./search-folder.js";

/** Searches every folder, the one that is listened in last: it stays open. */
export async function searchAll(visit: MailboxState): Promise<Match[]> {
  const [main, ...further] = visit.folders as [Folder, ...Folder[]];
  const matches: Match[] = [];
  for (const folder of further) if (folder.evidence.outcome !== "missing") matches.push(...(await tolerant(folder, () => searchFirst(visit, folder))));
  matches.push(...(await searchFirst(visit, main)));
  return matches;
}

/** Waits for the message until a moment. A lost connection is opened again, and the whole search is repeated. */
export async function waitFor(visit: MailboxState, until: () => number): Promise<Match[]> {
  const { clock } = visit.ctx;
  const isOver = (): boolean => clock.now() >= until();
  for (let isAnew = false; isAnew || !isOver(); ) {
    try {
      const look = isAnew ? searchAll(visit) : listenAndSearch(visit, until() - clock.now());
      isAnew = false;
      const matches = await look;
      if (matches.length > 0) return matches;
    } catch (error) {
      if (!(await reconnect(visit, error, until))) throw error;
      isAnew = true;
    }
  }
  return [];
}

async function listenAndSearch(visit: MailboxState, leftMs: number): Promise<Match[]> {
  await listen(visit, Math.max(1, Math.min(leftMs, visit.input.poll_interval_ms)));
  return searchChanged(visit);
}

/** Checks for arrivals in any folder. Those that are not open are only asked for their next UID. */
async function searchChanged(visit: MailboxState): Promise<Match[]> {
  const [main, ...further] = visit.folders as [Folder, ...Folder[]];
  const matches = await searchAgain(visit, main);
  for (const folder of further) if (folder.evidence.outcome === "searched") matches.push(...(await tolerant(folder, () => searchFurther(visit, folder))));
  if (visit.open !== main.evidence.name) {
    const { uidValidity } = await openFolder(visit, main);
    matches.push(...(uidValidity === main.uidValidity ? await searchAgain(visit, main) : await searchFirst(visit, main)));
  }
  return matches;
}

async function searchFurther(visit: MailboxState, folder: Folder): Promise<Match[]> {
  const { uidNext } = await mailboxStatus(visit.session, folder.evidence.name);
  if (uidNext !== null && uidNext <= folder.lookFrom) return [];
  const { uidValidity } = await openFolder(visit, folder);
  return uidValidity === folder.uidValidity ? searchAgain(visit, folder) : searchFirst(visit, folder);
}

/** A further folder that cannot be opened is reported, and does not prevent finding messages in the others. */
async function tolerant(folder: Folder, look: () => Promise<Match[]>): Promise<Match[]> {
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof FailureError) || error.failure.code !== "reply_rejected") throw error;
    Object.assign(folder.evidence, { outcome: "failed", problem: error.failure.message });
    return [];
  }
}
