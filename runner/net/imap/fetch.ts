import { uidSet } from "./command-line.js";
import { LIMITS } from "./limits.js";
import { dataOf } from "./mailbox.js";
import { bytesOf, listOf, numberOf, textOf, textsOf, type Value } from "./parse-data.js";
import { expectOk } from "./reply.js";
import type { ImapSession } from "./session.js";
import { uidOf } from "./uid.js";

export interface FetchOptions {
  /** The header, up to this many bytes. If absent, it is not requested. */
  readonly headerBytes?: number;
  /** The whole message including its header, up to this many bytes. If absent, it is not requested. */
  readonly messageBytes?: number;
}

/** What a server reports about one message. Null if it did not report it, or was not asked. */
export interface FetchedMessage {
  readonly uid: number;
  /** INTERNALDATE: when the message was added to the folder. */
  readonly internalDate: Date | null;
  readonly sizeBytes: number | null;
  readonly flags: readonly string[];
  readonly header: Buffer | null;
  /** Cut if it is longer than requested: compare sizeBytes. */
  readonly message: Buffer | null;
}

/** What known servers send with a literal beyond what was requested. */
const SLACK_BYTES = 1024;

/**
 * Reads messages of the open folder, in the order of their UIDs; those that are gone are left out. Nothing changes by it: the flag
 * \Seen stays as it is (PEEK).
 */
export async function fetchMessages(session: ImapSession, uids: readonly number[], options: FetchOptions = {}): Promise<FetchedMessage[]> {
  const found = new Map<number, FetchedMessage>();
  const { bounds } = session.parser;
  const usual = bounds.literalBytes;
  // A server that does not cut must not fill the memory.
  bounds.literalBytes = Math.max(usual, (options.headerBytes ?? 0) + SLACK_BYTES, (options.messageBytes ?? 0) + SLACK_BYTES);
  try {
    for (const portion of portionsOf(uids, options)) await fetchPortion(session, portion, options, found);
  } finally {
    bounds.literalBytes = usual;
  }
  return [...found.values()].sort((a, b) => a.uid - b.uid);
}

async function fetchPortion(session: ImapSession, uids: readonly number[], options: FetchOptions, found: Map<number, FetchedMessage>): Promise<void> {
  const reply = expectOk("command", await session.command("UID FETCH", "command", [`UID FETCH ${uidSet(uids)} (${itemsOf(options).join(" ")})`]));
  const asked = new Set(uids);
  for (const { values } of dataOf(reply, "FETCH")) {
    const items = pairsOf(values[0]);
    const uid = uidOf(items.get("UID"));
    // A server may also report changes of other messages here.
    if (uid !== null && asked.has(uid)) found.set(uid, merged(found.get(uid) ?? nothingOf(uid), items));
  }
}

function itemsOf({ headerBytes, messageBytes }: FetchOptions): string[] {
  return [
    "UID",
    "INTERNALDATE",
    "RFC822.SIZE",
    "FLAGS",
    ...(headerBytes === undefined ? [] : [`BODY.PEEK[HEADER]<0.${headerBytes}>`]),
    ...(messageBytes === undefined ? [] : [`BODY.PEEK[]<0.${messageBytes}>`]),
  ];
}

/** As many as fit into a command's line, also where no two UIDs are neighbours, and whose answers may be kept at once. */
function portionsOf(uids: readonly number[], { headerBytes = 0, messageBytes = 0 }: FetchOptions): number[][] {
  const speakable = Math.floor(LIMITS.commandLineBytes / 2 / "4294967295,".length);
  const keepable = Math.floor(LIMITS.responseBytes / 2 / (headerBytes + messageBytes + SLACK_BYTES));
  const most = Math.max(1, Math.min(speakable, keepable));
  const sorted = [...new Set(uids)].sort((a, b) => a - b);
  return Array.from({ length: Math.ceil(sorted.length / most) }, (_, index) => sorted.slice(index * most, (index + 1) * most));
}

/** The items of one FETCH by name: a section without the position of its cut. */
function pairsOf(value: Value | undefined): Map<string, Value> {
  const list = listOf(value) ?? [];
  const pairs = new Map<string, Value>();
  for (let at = 0; at + 1 < list.length; at += 2) pairs.set((textOf(list[at]) ?? "").toUpperCase().replace(/<\d+>$/, ""), list[at + 1] as Value);
  return pairs;
}

function nothingOf(uid: number): FetchedMessage {
  return { uid, internalDate: null, sizeBytes: null, flags: [], header: null, message: null };
}

/** A server may send several responses about one message. */
function merged(before: FetchedMessage, items: ReadonlyMap<string, Value>): FetchedMessage {
  return {
    uid: before.uid,
    internalDate: dateOf(textOf(items.get("INTERNALDATE"))) ?? before.internalDate,
    sizeBytes: numberOf(items.get("RFC822.SIZE")) ?? before.sizeBytes,
    flags: items.has("FLAGS") ? textsOf(items.get("FLAGS")) : before.flags,
    header: bytesOf(items.get("BODY[HEADER]")) ?? before.header,
    message: bytesOf(items.get("BODY[]")) ?? before.message,
  };
}

/** RFC 3501, section 9: date-time, as `17-Jul-1996 02:44:25 -0700`. */
function dateOf(text: string | null): Date | null {
  const [, day, month, year, time, zone] = /^ ?(\d{1,2})-([A-Za-z]{3})-(\d{4}) (\d\d:\d\d:\d\d) ([+-]\d{4})$/.exec(text ?? "") ?? [];
  if (day === undefined) return null;
  const date = new Date(`${day} ${month} ${year} ${time} ${zone}`);
  return Number.isNaN(date.getTime()) ? null : date;
}
