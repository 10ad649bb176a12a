import { decodeWords } from "../../mail/encoded-words.js";
import type { StoredMessage } from "../store/stored-message.js";
import type { Arguments } from "./arguments.js";
import { BadCommand, RefusedCommand } from "./bad-command.js";
import { dayOf, parseDay } from "./dates.js";
import { type SequenceSet, sequenceSet, sequenceSetOrNull } from "./sequence-set.js";
import type { View } from "./sequence-view.js";
import type { Outcome, Session } from "./session-state.js";

/** One message under search, with its number in this session. */
interface Candidate {
  readonly message: StoredMessage;
  readonly number: number;
  readonly view: View;
}

type Test = (candidate: Candidate) => boolean;

/** RFC 9051, 6.4.4. */
export async function runSearch(session: Session, given: Arguments, byUid: boolean): Promise<Outcome> {
  const view = session.view as View;
  const charset = given.take(/ CHARSET \S+/i);
  if (charset !== null && !/ (US-ASCII|UTF-8)$/i.test(charset)) throw new RefusedCommand("[BADCHARSET (US-ASCII UTF-8)] this charset is not known here");
  given.space();
  const test = allOf(given, (rest) => rest.isAtEnd);
  const found = [...view.entries()].filter(([number, message]) => test({ message, number, view }));
  await session.tell(["SEARCH", ...found.map(([number, message]) => (byUid ? message.uid : number))].join(" "));
  return { text: "OK SEARCH done" };
}

/** Keys one after the other, until the end: all of them must hold. */
function allOf(given: Arguments, isEnd: (given: Arguments) => boolean): Test {
  const tests: Test[] = [key(given)];
  while (!isEnd(given)) {
    given.space();
    tests.push(key(given));
  }
  return (candidate) => tests.every((test) => test(candidate));
}

function key(given: Arguments): Test {
  if (given.take(/\(/) !== null) return allOf(given, (rest) => rest.take(/\)/) !== null);
  const numbers = sequenceSetOrNull(given);
  if (numbers !== null) return ({ number, view }) => numbers(number, view.size);
  const name = given.atom("a search key").toUpperCase();
  const flagged = FLAG_KEYS[name.replace(/^UN/, "")];
  if (flagged !== undefined) return ({ message }) => message.flags.has(flagged) !== name.startsWith("UN");
  const read = KEYS[name];
  if (read === undefined) throw new BadCommand(`${name} is not known as a search key`);
  return read(given);
}

const FLAG_KEYS: Readonly<Record<string, string>> = {
  ANSWERED: "\\Answered",
  DELETED: "\\Deleted",
  DRAFT: "\\Draft",
  FLAGGED: "\\Flagged",
  SEEN: "\\Seen",
};

const KEYS: Readonly<Record<string, (given: Arguments) => Test>> = {
  ALL: () => () => true,
  NEW: () => () => false,
  OLD: () => () => true,
  RECENT: () => () => false,
  NOT: (given) => {
    const test = next(given);
    return (candidate) => !test(candidate);
  },
  OR: (given) => {
    const [one, other] = [next(given), next(given)];
    return (candidate) => one(candidate) || other(candidate);
  },
  UID: (given) => {
    given.space();
    const uids: SequenceSet = sequenceSet(given);
    return ({ message, view }) => uids(message.uid, view.largestUid);
  },
  KEYWORD: (given) => flag(given, true),
  UNKEYWORD: (given) => flag(given, false),
  HEADER: (given) => inField(word(given), given),
  SUBJECT: (given) => inField("subject", given),
  FROM: (given) => inField("from", given),
  TO: (given) => inField("to", given),
  CC: (given) => inField("cc", given),
  BCC: (given) => inField("bcc", given),
  BODY: (given) => contains(word(given), ({ body }) => [body]),
  TEXT: (given) => contains(word(given), ({ text }) => [text]),
  SINCE: (given) => onDay(given, internalDay, (day, wanted) => day >= wanted),
  BEFORE: (given) => onDay(given, internalDay, (day, wanted) => day < wanted),
  ON: (given) => onDay(given, internalDay, (day, wanted) => day === wanted),
  SENTSINCE: (given) => onDay(given, sentDay, (day, wanted) => day >= wanted),
  SENTBEFORE: (given) => onDay(given, sentDay, (day, wanted) => day < wanted),
  SENTON: (given) => onDay(given, sentDay, (day, wanted) => day === wanted),
  LARGER: (given) => bySize(given, (size, wanted) => size > wanted),
  SMALLER: (given) => bySize(given, (size, wanted) => size < wanted),
};

function next(given: Arguments): Test {
  given.space();
  return key(given);
}

function word(given: Arguments): string {
  given.space();
  return given.astring("a text");
}

function flag(given: Arguments, wanted: boolean): Test {
  const name = word(given);
  return ({ message }) => message.flags.has(name) === wanted;
}

/** As in the message, or decoded (RFC 2047). */
function inField(name: string, given: Arguments): Test {
  return contains(word(given), (message) => message.values(name).flatMap((value) => [value, Buffer.from(decodeWords(value)).toString("latin1")]));
}

/** An empty text is in every field that is there. Letters may be large or small. */
function contains(text: string, texts: (message: StoredMessage) => readonly string[]): Test {
  const wanted = text.toLowerCase();
  return ({ message }) => texts(message).some((each) => each.toLowerCase().includes(wanted));
}

function onDay(given: Arguments, dayIn: (message: StoredMessage) => number | null, holds: (day: number, wanted: number) => boolean): Test {
  const text = word(given);
  const wanted = parseDay(text);
  if (wanted === null) throw new BadCommand("expected a day, as 1-Feb-2026");
  return ({ message }) => {
    const day = dayIn(message);
    return day !== null && holds(day, wanted);
  };
}

function internalDay({ internalDate }: StoredMessage): number {
  return dayOf(internalDate);
}

function sentDay(message: StoredMessage): number | null {
  const sent = new Date(message.values("date")[0] ?? "");
  return Number.isNaN(sent.getTime()) ? null : dayOf(sent);
}

function bySize(given: Arguments, holds: (size: number, wanted: number) => boolean): Test {
  given.space();
  const wanted = Number(given.expect(/\d+/, "a number of bytes"));
  return ({ message }) => holds(message.raw.length, wanted);
}
