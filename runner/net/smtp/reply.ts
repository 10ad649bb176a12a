import { decodeLine, excerpt, type LineOddity } from "../transport/line-text.js";
import { LIMITS } from "./limits.js";

/** A reply as the server sent it: every line without its code, decoded. */
export interface Reply {
  code: number;
  lines: string[];
}

/** What cannot be read as a reply. The conversation ends there. */
export interface Malformed {
  code: "protocol_violation" | "limit_exceeded";
  message: string;
}

const CARRIAGE_RETURN = 13;
const SPACE = 32;
const HYPHEN = 45;
const DIGIT_0 = 48;
const DIGIT_9 = 57;

/**
 * Reads replies (RFC 5321, section 4.2) out of bytes that come in any portions. Bytes are given as latin1 text.
 * Once malformed, it stays malformed: where the next reply would begin is anyone's guess.
 */
export class ReplyParser {
  malformed: Malformed | null = null;
  /** Each once. */
  oddities: readonly LineOddity[] = NONE;
  #text = "";
  /** Where in #text the next line begins. */
  #at = 0;
  /** Up to where #text has been searched for a line feed without finding one. */
  #searched = 0;
  #code = 0;
  #lines: string[] = NONE;
  #bytes = 0;

  /** Bytes that belong to no finished reply. */
  get isEmpty(): boolean {
    return this.#text === "" && this.#lines.length === 0;
  }

  push(text: string): void {
    this.#text = this.#text === "" ? text : this.#text.slice(this.#at) + text;
    this.#searched -= this.#at;
    this.#at = 0;
  }

  /** The next finished reply; null while it is not there yet, and for ever once malformed. */
  next(): Reply | null {
    while (this.malformed === null) {
      const end = this.#text.indexOf("\n", this.#searched);
      if (end === -1) {
        this.#searched = this.#text.length;
        // One more than a line may have: the CR of its end may be here before the LF is.
        if (this.#searched - this.#at > LIMITS.replyLineBytes + 1) this.#refuse("limit_exceeded", `a reply line of more than ${LIMITS.replyLineBytes} bytes`);
        return null;
      }
      const reply = this.#line(this.#text, this.#at, end);
      this.#goOnAt(end + 1);
      if (reply !== null) return reply;
    }
    return null;
  }

  /** What was read is let go, and not kept until the peer sends more. */
  #goOnAt(index: number): void {
    const isAll = index >= this.#text.length;
    if (isAll) this.#text = "";
    this.#at = isAll ? 0 : index;
    this.#searched = this.#at;
  }

  /** Takes the line from `start` to the line feed at `end`; gives the reply when it was its last. */
  #line(text: string, start: number, end: number): Reply | null {
    const hasReturn = end > start && text.charCodeAt(end - 1) === CARRIAGE_RETURN;
    const length = (hasReturn ? end - 1 : end) - start;
    if (length > LIMITS.replyLineBytes) return this.#refuse("limit_exceeded", `a reply line of more than ${LIMITS.replyLineBytes} bytes`);
    const code = codeAt(text, start, length);
    // A server may end a reply with the bare code (RFC 5321, section 4.2: a client must accept it).
    const separator = length === 3 ? SPACE : text.charCodeAt(start + 3);
    if (code === 0 || (separator !== SPACE && separator !== HYPHEN))
      return this.#refuse("protocol_violation", `not a reply: ${excerpt(text.slice(start, start + length))}`);
    if (this.#lines.length > 0 && code !== this.#code) return this.#refuse("protocol_violation", `one reply with the codes ${this.#code} and ${code}`);
    // For mail servers only: other text may end its lines in any way.
    if (!hasReturn) this.note("bare_line_feed");
    const line = decodeLine(text.slice(start + 4, start + length), this);
    this.#code = code;
    // Most replies have one line: an array that grows from nothing would make room for seventeen.
    if (this.#lines.length === 0) this.#lines = [line];
    else this.#lines.push(line);
    this.#bytes += length + 2;
    if (separator === SPACE) return this.#finish();
    if (this.#lines.length > LIMITS.replyLines) return this.#refuse("limit_exceeded", `a reply of more than ${LIMITS.replyLines} lines`);
    if (this.#bytes > LIMITS.replyBytes) return this.#refuse("limit_exceeded", `a reply of more than ${LIMITS.replyBytes} bytes`);
    return null;
  }

  #finish(): Reply {
    const reply = { code: this.#code, lines: this.#lines };
    this.#lines = NONE;
    this.#bytes = 0;
    return reply;
  }

  note(oddity: LineOddity): void {
    if (!this.oddities.includes(oddity)) this.oddities = [...this.oddities, oddity];
  }

  #refuse(code: Malformed["code"], message: string): null {
    this.malformed = { code, message };
    this.#text = "";
    return null;
  }
}

/** Shared, and so never written to. */
const NONE: never[] = [];

/** The three digits at the start of a line as a number; 0 when they are none, or of a class that SMTP has not. */
function codeAt(text: string, start: number, length: number): number {
  if (length < 3) return 0;
  const first = text.charCodeAt(start);
  const second = text.charCodeAt(start + 1);
  const third = text.charCodeAt(start + 2);
  if (first < DIGIT_0 + 2 || first > DIGIT_0 + 5 || second < DIGIT_0 || second > DIGIT_9 || third < DIGIT_0 || third > DIGIT_9) return 0;
  return (first - DIGIT_0) * 100 + (second - DIGIT_0) * 10 + (third - DIGIT_0);
}

/** The server closes the connection, whatever was asked (RFC 5321, section 3.8). */
export const CLOSING = 421;

/** The first digit of the code: 2 done, 3 continue, 4 temporary failure, 5 permanent failure. */
export function replyClass(reply: Reply): number {
  return Math.floor(reply.code / 100);
}

/** The reply's text, its lines joined by line feeds. */
export function replyText(reply: Reply): string {
  return reply.lines.length === 1 ? (reply.lines[0] as string) : reply.lines.join("\n");
}

const ENHANCED = /^([245])\.(\d{1,3})\.(\d{1,3})(?=\s|$)/;

/**
 * The enhanced status code (RFC 3463). An intermediate reply (3yz) has none. One whose class is not the reply's is not believed:
 * only the class is kept, which the reply code says anyway.
 */
export function enhancedCode(reply: Reply): string | null {
  const kind = replyClass(reply);
  if (kind === 3) return null;
  const found = ENHANCED.exec(reply.lines[0] ?? "");
  if (found === null) return null;
  return Number(found[1]) === kind ? found[0] : `${kind}.0.0`;
}

/** What a person reads: the lines without the enhanced code, which a server may repeat on each of them. */
export function plainText(reply: Reply): string {
  const code = ENHANCED.exec(reply.lines[0] ?? "")?.[0];
  const lines =
    code === undefined || replyClass(reply) === 3
      ? reply.lines
      : reply.lines.map((line) => (line.startsWith(`${code} `) || line === code ? line.slice(code.length).trimStart() : line));
  return lines.join("\n").trim();
}
