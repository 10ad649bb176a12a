import { failureError } from "../../run/failure-error.js";
import { astring, type Piece, uidSet } from "./command-line.js";
import type { CommandReply } from "./in-flight.js";
import { LIMITS } from "./limits.js";
import { dataOf } from "./mailbox.js";
import { textOf } from "./parse-data.js";
import { expectOk } from "./reply.js";
import type { ImapSession } from "./session.js";
import { uidFrom, uidOf } from "./uid.js";

/** One key of a search (RFC 3501, section 6.4.4). Several must all hold. Texts are looked for without regard to case, anywhere in a field. */
export type SearchKey =
  | { readonly header: string; readonly contains: string }
  | { readonly subject: string }
  /** By INTERNALDATE, of which only the day counts, in the server's own time zone: look a day further back to miss nothing. */
  | { readonly since: Date }
  | { readonly uids: readonly number[] }
  /** This UID and higher ones. */
  | { readonly fromUid: number }
  | { readonly is: "ALL" | "DELETED" | "UNDELETED" | "SEEN" | "UNSEEN" | "RECENT" | "FLAGGED" };

/** The UIDs of the messages in the open folder to which every key applies, in ascending order. */
export async function search(session: ImapSession, keys: readonly SearchKey[]): Promise<number[]> {
  const asked = keys.length === 0 ? ([{ is: "ALL" }] as const) : keys;
  // ESEARCH (RFC 4731) gives ranges: twenty thousand UIDs are twelve characters.
  const isExtended = session.has("ESEARCH") || session.has("IMAP4REV2");
  const line: Piece[] = [`UID SEARCH${isExtended ? " RETURN (ALL)" : ""}${charset(session, asked)}`, ...asked.flatMap((key) => [" ", ...piecesOf(key)])];
  const reply = expectOk("command", await session.command("UID SEARCH", "command", line));
  const uids = [...plainResults(reply), ...extendedResults(reply)];
  // The star of a range always means the last message, also one below the range's start (RFC 3501, section 6.4.8).
  const lowest = Math.max(0, ...asked.map((key) => ("fromUid" in key ? key.fromUid : 0)));
  return [...new Set(uids)].filter((uid) => uid >= lowest).sort((a, b) => a - b);
}

/** RFC 6855, section 3: where UTF-8 was agreed on, nothing may be said of it. */
function charset(session: ImapSession, keys: readonly SearchKey[]): string {
  const isAscii = keys.every((key) => /^[\x20-\x7e]*$/.test("contains" in key ? key.contains : "subject" in key ? key.subject : ""));
  return isAscii || session.dialect.utf8 ? "" : " CHARSET UTF-8";
}

function piecesOf(key: SearchKey): Piece[] {
  if ("header" in key) return ["HEADER ", fieldName(key.header), " ", astring(key.contains)];
  if ("subject" in key) return ["SUBJECT ", astring(key.subject)];
  if ("since" in key) return [`SINCE ${dayOf(key.since)}`];
  if ("uids" in key) return [`UID ${uidSet(key.uids)}`];
  if ("fromUid" in key) return [`UID ${uidSet([key.fromUid])}:*`];
  return [key.is];
}

/** RFC 5322, section 3.6.8. */
function fieldName(name: string): Piece {
  if (!/^[!-9;-~]{1,64}$/.test(name)) throw failureError("command", "not_permitted", `${JSON.stringify(name)} is not the name of a header field`);
  return astring(name);
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

function dayOf(date: Date): string {
  if (Number.isNaN(date.getTime())) throw failureError("command", "not_permitted", "a search since a date needs a date that exists");
  return `${date.getUTCDate()}-${MONTHS[date.getUTCMonth()]}-${date.getUTCFullYear()}`;
}

function plainResults(reply: CommandReply): number[] {
  return dataOf(reply, "SEARCH").flatMap(({ values }) => values.flatMap((value) => uidOf(value) ?? []));
}

/** RFC 4731, section 3: `(TAG "a3") UID ALL 1:3,7`. */
function extendedResults(reply: CommandReply): number[] {
  return dataOf(reply, "ESEARCH").flatMap(({ values }) => {
    const at = values.findIndex((value) => textOf(value)?.toUpperCase() === "ALL");
    return at === -1 ? [] : expandSet(textOf(values[at + 1]) ?? "");
  });
}

/** The numbers of a set. One range of a few bytes may stand for four thousand million: that is no folder. */
function expandSet(set: string): number[] {
  const numbers: number[] = [];
  for (const part of set.split(",")) {
    const [, from, to] = /^(\d{1,20})(?::(\d{1,20}))?$/.exec(part) ?? [];
    if (from === undefined) throw failureError("command", "protocol_violation", `not a set of UIDs: ${JSON.stringify(part.slice(0, 60))}`);
    const [first, last] = [uidFrom(from), uidFrom(to ?? from)].sort((a, b) => a - b) as [number, number];
    if (numbers.length + last - first >= LIMITS.values) throw failureError("command", "limit_exceeded", `a search found more than ${LIMITS.values} messages`);
    for (let uid = first; uid <= last; uid++) numbers.push(uid);
  }
  return numbers;
}
