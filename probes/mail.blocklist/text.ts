import type { Answer } from "../../runner/net/dns/answer.js";
import { txtText } from "../../runner/net/dns/txt-text.js";

/** Why something is listed, in the list's own words: a stranger's text, so only so much of it, and nothing that a terminal obeys. */
export function wordsOf({ records }: Answer<"TXT">): string[] {
  return records.slice(0, MAX_TEXTS).map((strings) => escaped(asText(txtText(strings)).slice(0, MAX_CHARACTERS)));
}

const MAX_TEXTS = 4;
const MAX_CHARACTERS = 300;
const UTF8 = new TextDecoder("utf-8", { fatal: true });

/** UTF-8 if valid, otherwise one character per byte. */
function asText(bytes: string): string {
  try {
    return UTF8.decode(Buffer.from(bytes, "latin1"));
  } catch {
    return bytes;
  }
}

/** Control and format characters, line and paragraph separators, and halves of pairs. */
const UNFIT = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

function escaped(text: string): string {
  return text.replace(UNFIT, (character) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`);
}
