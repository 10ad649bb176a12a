import { decodeWords } from "../../runner/mail/encoded-words.js";
import { bodiesOf, type Header } from "../../runner/mail/header.js";
import type { SearchKey } from "../../runner/net/imap/search.js";
import type { Input } from "./schema.js";

/** What a message has to be. All that the input names must hold. */
export type Wanted = Pick<Input, "token" | "message_id" | "subject_prefix" | "search_subject">;

/** What the server is asked for. It may find more, since it looks for pieces of texts in any case: isWanted() has the last word. */
export function searchKeysOf({ token, message_id: messageId, subject_prefix: prefix, search_subject: subject }: Wanted): SearchKey[] {
  const keys: SearchKey[] = [];
  if (messageId !== undefined) keys.push({ header: "Message-ID", contains: withoutBrackets(messageId) });
  for (const text of [token, prefix, subject]) if (text !== undefined) keys.push({ subject: text });
  return keys;
}

export function isWanted(wanted: Wanted, header: Header): boolean {
  const { token, message_id: messageId, subject_prefix: prefix, search_subject: part } = wanted;
  const subject = subjectOf(header) ?? "";
  if (token !== undefined && !hasWord(subject, token)) return false;
  if (prefix !== undefined && !subject.startsWith(prefix)) return false;
  if (part !== undefined && !subject.toLowerCase().includes(part.toLowerCase())) return false;
  return messageId === undefined || bodiesOf(header, "Message-ID").some((id) => withoutBrackets(id) === withoutBrackets(messageId));
}

export function subjectOf(header: Header): string | null {
  const [subject] = bodiesOf(header, "Subject");
  return subject === undefined ? null : decodeWords(subject);
}

/** As a word of its own: abc123 is not in xabc123, and nightly is not in nightly-2, which is another token. */
function hasWord(text: string, word: string): boolean {
  for (let at = text.indexOf(word); at !== -1; at = text.indexOf(word, at + 1)) {
    if (!isWordLetter(text[at - 1]) && !isWordLetter(text[at + word.length])) return true;
  }
  return false;
}

function isWordLetter(character: string | undefined): boolean {
  return character !== undefined && /[\p{L}\p{N}_-]/u.test(character);
}

function withoutBrackets(id: string): string {
  return id.trim().replace(/^<(.*)>$/, "$1");
}
