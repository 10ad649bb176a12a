import { isAddress } from "../../schemas/host.js";
import type { ReceivedHop } from "../../schemas/received.js";
import { parseDate } from "./date.js";
import { type Token, tokensOf } from "./field-tokens.js";
import { bodiesOf, type Header } from "./header.js";
import { HEADER_LIMITS, shown } from "./limits.js";
import { tlsOf } from "./received-tls.js";

/** The hops of a message in the order of travel, each with its delay to the next. The line on top is the newest. */
export function receivedHops(header: Header): ReceivedHop[] {
  const hops = bodiesOf(header, "Received").slice(0, HEADER_LIMITS.receivedHops).reverse().map(parseReceived);
  return hops.map((hop, index) => ({ ...hop, delay_to_next_seconds: secondsBetween(hop, hops[index + 1]) }));
}

/** Clocks that differ make it negative: that is what they say, and it is not made better than it is. */
function secondsBetween(hop: ReceivedHop, next: ReceivedHop | undefined): number | null {
  if (hop.date === null || next === undefined || next.date === null) return null;
  return (Date.parse(next.date) - Date.parse(hop.date)) / 1000;
}

/** The words that begin a clause. Exim and Haraka write the last two outside of parentheses. */
const CLAUSES = ["from", "by", "via", "with", "id", "for", "tls", "envelope-from"] as const;
type ClauseName = (typeof CLAUSES)[number];

/** The text after one of these words, up to the next one. */
interface Clause {
  readonly words: string[];
  readonly comments: string[];
}

/** Reads one Received field, whichever server wrote it: postfix, exim, sendmail, qmail, Exchange, Gmail and the rest each have their own way. */
export function parseReceived(body: string): ReceivedHop {
  const tokens = tokensOf(body);
  const { clauses, comments } = clausesOf(tokens);
  const { from } = clauses;
  const name = from?.words[0] ?? null;
  const helo = heloOf(from);
  const moment = momentOf(body, tokens);
  return {
    from: name === null ? null : shown(withoutBrackets(name), NAME_CHARACTERS),
    helo: helo === null ? null : shown(withoutBrackets(helo), NAME_CHARACTERS),
    ip_address: addressOf(from),
    by: firstOf(clauses.by),
    with: protocolOf(clauses.with),
    id: firstOf(clauses.id),
    for: firstOf(clauses.for)?.replace(/^<(.*)>,?$/, "$1") ?? null,
    tls: tlsOf(comments, clauses.tls?.words[0] ?? null),
    date: moment === null ? null : new Date(moment).toISOString().replace(".000Z", "Z"),
    delay_to_next_seconds: null,
  };
}

const NAME_CHARACTERS = 320;

function clausesOf(tokens: readonly Token[]): { clauses: Partial<Record<ClauseName, Clause>>; comments: string[] } {
  const clauses: Partial<Record<ClauseName, Clause>> = {};
  const comments: string[] = [];
  let current: Clause | null = null;
  for (const { kind, text } of tokens) {
    if (kind === "comment") {
      comments.push(text);
      current?.comments.push(text);
    } else if (kind === "semicolon") current = null;
    else {
      const name = text.toLowerCase() as ClauseName;
      // The first of each counts: a host may be called "with", and a second `id` is a program's own.
      if (kind === "word" && CLAUSES.includes(name) && clauses[name] === undefined) {
        current = { words: [], comments: [] };
        clauses[name] = current;
      } else current?.words.push(text);
    }
  }
  return { clauses, comments };
}

function firstOf(clause: Clause | undefined): string | null {
  const [word] = clause?.words ?? [];
  return word === undefined ? null : shown(word, NAME_CHARACTERS);
}

/** One word, but for Exchange's, who writes "Microsoft SMTP Server". */
function protocolOf(clause: Clause | undefined): string | null {
  if (clause === undefined || clause.words.length === 0) return null;
  const [word] = clause.words;
  return shown(word === "Microsoft" ? clause.words.join(" ") : (word as string), NAME_CHARACTERS);
}

/** `(helo=name)` by exim, `(HELO name)` by qmail, `(EHLO name)` by Yahoo. */
const HELO = /(?:^|\s)(?:helo=|[HE][EH]LO )(\S+)/i;

function heloOf(from: Clause | undefined): string | null {
  for (const comment of from?.comments ?? []) {
    const found = HELO.exec(comment);
    if (found !== null) return found[1] as string;
  }
  return null;
}

/** In brackets where the standard is kept; Exchange and qmail write the bare address into a comment, some with a name before it. */
function addressOf(from: Clause | undefined): string | null {
  if (from === undefined) return null;
  const texts = [...from.comments, from.words[0] ?? ""];
  const inBrackets = texts.flatMap((text) => [...text.matchAll(/\[([^[\]]{2,64})\]/g)].map(([, inside]) => inside as string));
  const bare = texts.flatMap((text) => text.split(/[\s@]/));
  return [...inBrackets, ...bare].map((text) => text.replace(/^IPv6:/i, "")).find(isAddress) ?? null;
}

function withoutBrackets(name: string): string {
  return name.replace(/^\[(?:IPv6:)?(.*)\]$/i, "$1");
}

/** After the last semicolon outside comments; after the last of all if a parenthesis is never closed. */
function momentOf(body: string, tokens: readonly Token[]): number | null {
  const at = tokens.findLastIndex(({ kind }) => kind === "semicolon");
  const date =
    at === -1
      ? body.slice(body.lastIndexOf(";") + 1)
      : tokens
          .slice(at + 1)
          .filter(isWord)
          .map(textOf)
          .join(" ");
  return parseDate(date);
}

function isWord({ kind }: Token): boolean {
  return kind === "word";
}

function textOf({ text }: Token): string {
  return text;
}
