import { enhancedCode, plainText, type Reply, replyClass } from "../net/smtp/reply.js";
import { ADDRESSES, type Envelope, type Mentions, mentionsIn } from "./envelope.js";
import type { Wording } from "./reply-row.js";

/** A refusal, prepared for comparison. */
export interface ReplyText {
  readonly code: number;
  readonly enhanced: string | null;
  /** The lines joined by spaces, without enhanced codes, with @ for each address: an address may hold any words. */
  readonly text: string;
  /** Of the text, the words alone: without links, quotes and brackets, with % for each host name, "does not" for "doesn't". */
  readonly words: string;
  readonly mentions: Mentions;
}

export function readText(reply: Reply, envelope: Envelope): ReplyText {
  const whole = plainText(reply).slice(0, MAX_CHARACTERS).replace(/\s+/g, " ");
  const text = whole.replace(ADDRESSES, "@");
  return { code: reply.code, enhanced: enhancedCodeOf(reply), text, words: wordsOf(text), mentions: mentionsIn(whole, envelope) };
}

/** A refusal says what it says in its first lines; reading more of what a hostile server sends would only take time. */
const MAX_CHARACTERS = 4096;

function wordsOf(text: string): string {
  return text
    .replace(/\b(?:https?|ftp):\/\/\S+|\bwww\.\S+/gi, " ")
    .replace(/[\u2018\u2019`\u00b4]/g, "'")
    .replace(/\bcan(?:'t|not)\b/gi, "can not")
    .replace(/n't\b/gi, " not")
    .replace(/\b(?:[\w-]{1,63}\.){1,10}[a-z]{2,24}\b/g, "%")
    .replace(/["'<>()[\]{}*!|=_]+/g, " ")
    .replace(/\s+/g, " ")
    .replace(/ (?=[,.;:])/g, "")
    .trim();
}

export function matches(row: Wording, { code, enhanced, text, words }: ReplyText): boolean {
  if (!row.codes.includes(code)) return false;
  if (row.enhanced !== undefined && (enhanced === null || !row.enhanced.test(enhanced))) return false;
  if (row.words !== undefined && !row.words.test(words)) return false;
  return row.text === undefined || row.text.test(text);
}

/** qmail and its descendants write the code after the words: `(#5.1.1)`. */
export function enhancedCodeOf(reply: Reply): string | null {
  const standing = enhancedCode(reply);
  if (standing !== null) return standing;
  const [, found = ""] = /#([45]\.\d{1,3}\.\d{1,3})\b/.exec(reply.lines.join(" ")) ?? [];
  return found.startsWith(String(replyClass(reply))) ? found : null;
}
