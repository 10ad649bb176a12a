import { type Mailbox, type MailboxProblem, parseMailbox } from "../net/smtp/mailbox.js";
import { decodeWords } from "./encoded-words.js";
import { HEADER_LIMITS } from "./limits.js";

/** A mailbox as people write it in From, To, Cc and Reply-To (RFC 5322, section 3.4). */
export interface NamedMailbox extends Mailbox {
  /** The display name as text, without quotes and encoded words; empty if there is none. */
  readonly name: string;
}

/** Reads `a@example.org`, `<a@example.org>` and `Ann Example <a@example.org>`. One mailbox only: no group and no list. */
export function parseNamedMailbox(written: string): NamedMailbox | MailboxProblem {
  const bare = parseMailbox(written);
  if (!("problem" in bare)) return { ...bare, name: "" };
  if (CONTROLS.test(written)) return { problem: "it contains a control character" };
  const parts = partsOf(written);
  if ("problem" in parts) return parts;
  const mailbox = parseMailbox(parts.address ?? parts.words.map(({ text }) => text).join(" "));
  if ("problem" in mailbox) return mailbox;
  return { ...mailbox, name: parts.address === null ? "" : nameOf(parts.words) };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
const CONTROLS = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/;

/** A word of a display name. */
interface Word {
  readonly text: string;
  readonly isQuoted: boolean;
}

interface Parts {
  readonly words: readonly Word[];
  /** The text between < and >; null if there are no angle brackets. */
  readonly address: string | null;
}

function partsOf(written: string): Parts | MailboxProblem {
  const words: Word[] = [];
  let address: string | null = null;
  for (let at = 0; at < written.length; ) {
    const first = written[at] as string;
    const end = endOfPart(written, at);
    if (end === null) return { problem: UNCLOSED[first] as string };
    if (address !== null && first !== "(" && first !== " " && first !== "\t") return { problem: "something follows the address in angle brackets" };
    const part = written.slice(at, end);
    if (first === "<") address = part.slice(1, -1).trim();
    else if (first === '"') words.push({ text: part.slice(1, -1).replace(/\\(.)/gsu, "$1"), isQuoted: true });
    else if (first !== "(" && first !== " " && first !== "\t") words.push({ text: part, isQuoted: false });
    at = end;
  }
  const problem = address === null ? null : wordsProblem(words);
  return problem === null ? { words, address } : { problem };
}

const UNCLOSED: Readonly<Record<string, string>> = {
  "<": "its angle bracket is never closed",
  '"': "its quotation mark is never closed",
  "(": "its comment in parentheses is never closed",
};

/** Where the part that begins here ends; null if it is not closed. */
function endOfPart(written: string, start: number): number | null {
  const first = written[start];
  if (first === '"') return endOfQuoted(written, start);
  if (first === "(") return endOfComment(written, start);
  if (first === "<") return endOfAngle(written, start);
  let end = start + 1;
  if (first === " " || first === "\t") return end;
  while (end < written.length && !' \t"(<'.includes(written[end] as string)) end += 1;
  return end;
}

function endOfQuoted(written: string, start: number): number | null {
  for (let at = start + 1; at < written.length; at++) {
    if (written[at] === "\\") at += 1;
    else if (written[at] === '"') return at + 1;
  }
  return null;
}

function endOfComment(written: string, start: number): number | null {
  let depth = 0;
  for (let at = start; at < written.length; at++) {
    if (written[at] === "\\") at += 1;
    else if (written[at] === "(") depth += 1;
    else if (written[at] === ")") depth -= 1;
    if (depth === 0) return at + 1;
    if (depth > HEADER_LIMITS.commentDepth) return null;
  }
  return null;
}

/** A quoted local part may hold an angle bracket. */
function endOfAngle(written: string, start: number): number | null {
  for (let at = start + 1; at < written.length; at++) {
    if (written[at] === ">") return at + 1;
    if (written[at] !== '"') continue;
    const end = endOfQuoted(written, at);
    if (end === null) return null;
    at = end - 1;
  }
  return null;
}

/** RFC 5322, section 3.2.3: these mean something of their own outside quotation marks. A dot is allowed, as nearly all programs do. */
const SPECIALS = /[,;:@[\]\\>)]/;

function wordsProblem(words: readonly Word[]): string | null {
  const special = words.map(({ text, isQuoted }) => (isQuoted ? null : SPECIALS.exec(text))).find((found) => found !== null);
  if (special === undefined) return null;
  return `its name holds ${JSON.stringify(special?.[0])} outside quotation marks: put the name in quotation marks, and give one address only`;
}

function nameOf(words: readonly Word[]): string {
  const texts: string[] = [];
  let unquoted: string[] = [];
  for (const { text, isQuoted } of words) {
    if (!isQuoted) unquoted.push(text);
    else {
      texts.push(...decoded(unquoted), text);
      unquoted = [];
    }
  }
  return [...texts, ...decoded(unquoted)].join(" ").trim();
}

/** Encoded words are decoded together: a blank between two of them is not part of the name (RFC 2047, section 6.2). */
function decoded(words: readonly string[]): string[] {
  return words.length === 0 ? [] : [decodeWords(words.join(" "))];
}
