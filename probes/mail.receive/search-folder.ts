import { type Header, parseHeader } from "../../runner/mail/header.js";
import { type FetchedMessage, fetchMessages } from "../../runner/net/imap/fetch.js";
import { type SearchKey, search } from "../../runner/net/imap/search.js";
import { FailureError } from "../../runner/run/failure-error.js";
import { arrivalsOf } from "./arrival-times.js";
import type { Folder } from "./folders.js";
import { LIMITS } from "./limits.js";
import { type MailboxState, openFolder } from "./mailbox-state.js";
import { isWanted, searchKeysOf } from "./match-criteria.js";

/** A message that matches. */
export interface Match {
  readonly folder: Folder;
  readonly fetched: FetchedMessage;
  readonly header: Header;
  /** When the server announced it, on the monotonic clock; null if it was there before. */
  readonly arrivedAt: number | null;
}

/** Opens a folder and lets the server search it: of twenty thousand messages only those are read that may be the one. */
export async function searchFirst(visit: MailboxState, folder: Folder): Promise<Match[]> {
  const { messages, uidNext, uidValidity } = await openFolder(visit, folder);
  Object.assign(folder.evidence, { outcome: "searched", messages, uid_validity: uidValidity });
  const keys = [{ is: "UNDELETED" }, { since: new Date(visit.notBefore - LIMITS.sinceSlackMs) }] as const;
  visit.evidence.searches += 1;
  const found = messages === 0 ? [] : await searchFor(visit, keys);
  folder.uidValidity = uidValidity;
  folder.messages = messages;
  folder.firstNewUid = uidNext ?? (await highestUid(visit, messages)) + 1;
  const matches = await matchesAmong(visit, folder, found);
  // Some servers find a message only a while after they have it: the next look reads the newest ones whatever a search says.
  folder.lookFrom = matches.length > 0 ? folder.firstNewUid : Math.max(1, folder.firstNewUid - LIMITS.lateIndex);
  return matches;
}

/** Examines what arrived in the open folder since. A few new messages are read without a search, which may not know them yet. */
export async function searchAgain(visit: MailboxState, folder: Folder): Promise<Match[]> {
  const since = [{ fromUid: folder.lookFrom }, { is: "UNDELETED" }] as const;
  const lookedAt = visit.ctx.clock.now();
  visit.evidence.searches += 1;
  const found = await search(visit.session, since);
  const uids = found.length > LIMITS.candidates ? await searchFor(visit, since) : found;
  const arrivals = arrivalsOf(visit, folder, found, lookedAt);
  const matches = await matchesAmong(visit, folder, uids, arrivals);
  folder.lookFrom = Math.max(folder.lookFrom, folder.firstNewUid, (found.at(-1) ?? 0) + 1);
  folder.firstNewUid = folder.lookFrom;
  return matches;
}

async function searchFor(visit: MailboxState, keys: readonly SearchKey[]): Promise<number[]> {
  try {
    return await search(visit.session, [...keys, ...searchKeysOf(visit.input)]);
  } catch (error) {
    // RFC 3501, section 6.4.4: a server need not search for characters beyond ASCII. Matches are checked here.
    if (!(error instanceof FailureError) || error.reply?.enhancedCode !== "BADCHARSET") throw error;
    return search(visit.session, keys);
  }
}

/** For a server that does not report its next UID. */
async function highestUid({ session }: MailboxState, messages: number): Promise<number> {
  return messages === 0 ? 0 : ((await search(session, [{ is: "ALL" }])).at(-1) ?? 0);
}

/** Reads the newest of these messages, and keeps those that match. */
async function matchesAmong(
  visit: MailboxState,
  folder: Folder,
  uids: readonly number[],
  arrivals: ReadonlyMap<number, number | null> = new Map(),
): Promise<Match[]> {
  const newest = uids.slice(-LIMITS.candidates);
  visit.evidence.not_looked_at += uids.length - newest.length;
  const isRecent = ({ uid, internalDate }: FetchedMessage): boolean =>
    uid >= folder.firstNewUid || internalDate === null || internalDate.getTime() >= visit.notBefore;
  const recent = newest.length <= LIMITS.lateIndex ? newest : await recentOf(visit, folder, newest, isRecent);
  const read = recent.length === 0 ? [] : await fetchMessages(visit.session, recent, { headerBytes: LIMITS.headerBytes });
  const wanted = read
    .map((fetched) => ({ folder, fetched, header: parseHeader(fetched.header?.toString("latin1") ?? ""), arrivedAt: arrivals.get(fetched.uid) ?? null }))
    .filter(({ header }) => isWanted(visit.input, header));
  noteOld(
    visit,
    folder,
    wanted.map(({ fetched }) => fetched).filter((message) => !isRecent(message)),
  );
  return wanted.filter(({ fetched }) => isRecent(fetched));
}

/** Dates are small and headers are not: the headers of many messages are read only if the date matches. */
async function recentOf(visit: MailboxState, folder: Folder, uids: readonly number[], isRecent: (message: FetchedMessage) => boolean): Promise<number[]> {
  const dated = await fetchMessages(visit.session, uids);
  noteOld(
    visit,
    folder,
    dated.filter((message) => !isRecent(message)),
  );
  return dated.filter(isRecent).map(({ uid }) => uid);
}

function noteOld({ tooOld, evidence }: MailboxState, folder: Folder, messages: readonly FetchedMessage[]): void {
  for (const { uid } of messages) tooOld.add(`${folder.evidence.name} ${uid}`);
  evidence.too_old = tooOld.size;
}
