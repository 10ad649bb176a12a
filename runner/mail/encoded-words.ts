import { trimEnd } from "../../schemas/text.js";
import { decodeAs } from "./charset.js";

/**
 * The text of a field's body with its encoded words (RFC 2047) read. What is not one, or cannot be decoded, stays as it was
 * written. A charset may be followed by a star and a language (RFC 2231, section 5).
 */
export function decodeWords(body: string): string {
  if (!body.includes("=?")) return body;
  let text = "";
  let from = 0;
  let run: Word | null = null;
  for (const found of body.matchAll(WORD)) {
    const between = body.slice(from, found.index);
    const word = wordOf(found);
    // Blanks between two encoded words are not part of the text (section 6.2).
    if (run !== null && (word === null || !BLANK.test(between))) {
      text += shownWord(run) + between;
      run = null;
    } else if (run === null) text += between;
    from = found.index + found[0].length;
    if (word === null) text += found[0];
    else if (run !== null && run.charset === word.charset) run = joined(run, word);
    else {
      text += run === null ? "" : shownWord(run);
      run = word;
    }
  }
  return text + (run === null ? "" : shownWord(run)) + body.slice(from);
}

/** Consecutive words of one charset: some programs cut a character's bytes apart between them. */
interface Word {
  readonly charset: string;
  readonly bytes: string;
  readonly written: string;
}

/** Nothing in it is a blank or a question mark; section 2 allows 75 characters, and programs write more. */
const WORD = /=\?([!->@-~]{1,64})\?([BbQq])\?([!->@-~ ]{0,4096})\?=/g;
const BLANK = /^[ \t]*$/;

function wordOf([written, charset = "", encoding = "", encoded = ""]: RegExpMatchArray): Word | null {
  const bytes = encoding.toUpperCase() === "B" ? fromBase64(encoded) : fromQ(encoded);
  const name = charset.toLowerCase().split("*", 1)[0] as string;
  if (bytes === null || decodeAs(name, "") === null) return null;
  return { charset: name, bytes, written };
}

function joined(first: Word, second: Word): Word {
  return { charset: first.charset, bytes: first.bytes + second.bytes, written: `${first.written} ${second.written}` };
}

/** Line ends and other controls stay out of a text that pretended to be one line. */
function shownWord({ charset, bytes, written }: Word): string {
  return decodeAs(charset, bytes)?.replace(CONTROLS, " ") ?? written;
}

function fromBase64(encoded: string): string | null {
  const digits = trimEnd(encoded, "=");
  return /^[A-Za-z0-9+/]*$/.test(digits) && digits.length % 4 !== 1 ? Buffer.from(digits, "base64").toString("latin1") : null;
}

/** Section 4.2: an underscore is a space. A lone = was left unencoded by the sender. */
function fromQ(encoded: string): string {
  return encoded.replaceAll("_", " ").replace(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out
const CONTROLS = /[\u0000-\u001f\u007f]/g;
