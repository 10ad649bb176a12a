import { authenticationOf } from "../../runner/mail/authentication.js";
import { bodiesOf } from "../../runner/mail/header.js";
import { shown } from "../../runner/mail/limits.js";
import { receivedHops } from "../../runner/mail/received.js";
import { spamFactsOf } from "../../runner/mail/spam.js";
import { utc } from "../../runner/run/clock.js";
import type { ReceivedMessage, ReceiveEvidence } from "./evidence.js";
import { LIMITS } from "./limits.js";
import { subjectOf } from "./match-criteria.js";
import type { Input } from "./schema.js";
import type { Match } from "./search-folder.js";

/** Records the matches, newest first. */
export function storeMatches(input: Input, evidence: ReceiveEvidence, matches: readonly Match[], nowMs: number): void {
  const newestFirst = [...matches].sort((a, b) => timeOf(b) - timeOf(a) || b.fetched.uid - a.fetched.uid);
  const isCopy = copiesIn(input, newestFirst);
  evidence.matched = newestFirst.length;
  evidence.duplicates = newestFirst.filter(isCopy).length;
  evidence.matched_uids = newestFirst.map(({ fetched }) => fetched.uid);
  evidence.latest_internaldate = shownDate(newestFirst[0]?.fetched.internalDate ?? null);
  evidence.messages = newestFirst.slice(0, LIMITS.messages).map((match) => messageOf(input, match, isCopy(match), nowMs));
}

function timeOf({ fetched }: Match): number {
  return fetched.internalDate?.getTime() ?? 0;
}

/** All copies of one message but the oldest: recognised by its unique token, or else by its Message-ID. */
function copiesIn(input: Input, newestFirst: readonly Match[]): (match: Match) => boolean {
  const seen = new Set<string>();
  const copies = new Set<Match>();
  for (const match of [...newestFirst].reverse()) {
    const name = input.token ?? bodiesOf(match.header, "Message-ID")[0] ?? null;
    if (name === null) continue;
    if (seen.has(name)) copies.add(match);
    seen.add(name);
  }
  return (match) => copies.has(match);
}

function messageOf(input: Input, { folder, fetched, header, arrivedAt }: Match, isDuplicate: boolean, nowMs: number): ReceivedMessage {
  const [messageId] = bodiesOf(header, "Message-ID");
  const subject = subjectOf(header);
  return {
    folder: folder.evidence.name,
    is_spam_folder: folder.evidence.is_spam_folder,
    uid: fetched.uid,
    internal_date: shownDate(fetched.internalDate),
    age_seconds: fetched.internalDate === null ? null : Math.round((nowMs - fetched.internalDate.getTime()) / 1000),
    size_bytes: fetched.sizeBytes,
    message_id: messageId === undefined ? null : shown(messageId),
    subject: subject === null ? null : shown(subject),
    token: input.token ?? null,
    is_duplicate: isDuplicate,
    arrived_at: arrivedAt === null ? null : utc(arrivedAt),
    received: receivedHops(header),
    authentication: authenticationOf(header, input.authserv_ids),
    spam: spamFactsOf(header),
    verification: null,
    is_header_cut: header.isCut || (fetched.header?.length ?? 0) >= LIMITS.headerBytes,
  };
}

function shownDate(date: Date | null): string | null {
  return date === null ? null : date.toISOString().replace(".000Z", "Z");
}
