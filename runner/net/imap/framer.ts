import type { Break } from "../transport/connection.js";
import { excerpt, type LineOddity, type OddityRecorder } from "../transport/line-text.js";
import { LIMITS } from "./limits.js";

/** One response as it came: its lines without their ends, and the literals that stand between them, one character a byte. */
export interface Frame {
  /** One more than there are literals. */
  readonly lines: readonly string[];
  readonly literals: readonly string[];
}

/** How much is accepted. A fetch of a message body raises `literalBytes` while it runs. */
export interface Bounds {
  lineBytes: number;
  literalBytes: number;
}

const CARRIAGE_RETURN = 13;
/** RFC 3501, section 9: literal; RFC 7888: literal+; RFC 3516: literal8. A server needs none but the first, and some send the others. */
const LITERAL = /~?\{(\d{1,20})\+?\}$/;
/** Text for people follows these, and may end in braces: no literal does (RFC 3501, section 9: resp-text). */
const PLAIN_TEXT = /^(?:\+|[^ ]+ (?:OK|NO|BAD|BYE|PREAUTH)(?: |$))/i;

/** Divides what a server sends, in whatever portions, into responses. Once malformed, it stays malformed. */
export class Framer implements OddityRecorder {
  malformed: Break | null = null;
  /** Each once. */
  oddities: readonly LineOddity[] = [];
  readonly bounds: Bounds = { lineBytes: LIMITS.lineBytes, literalBytes: LIMITS.literalBytes };
  #text = "";
  /** Where in #text the next line or literal begins, and up to where a line feed was looked for. */
  #at = 0;
  #searched = 0;
  #lines: string[] = [];
  #literals: string[] = [];
  /** The size of the literal that is due; null when a line is. */
  #due: number | null = null;

  /** Nothing has come that belongs to no finished response. */
  get isEmpty(): boolean {
    return this.#at === this.#text.length && this.#lines.length === 0;
  }

  push(text: string): void {
    if (this.malformed !== null) return;
    this.#text = this.#text.slice(this.#at) + text;
    this.#searched -= this.#at;
    this.#at = 0;
  }

  /** The next whole response; null while it is not there, and for ever once malformed. */
  next(): Frame | null {
    while (this.malformed === null) {
      if (this.#due !== null) {
        if (this.#text.length - this.#at < this.#due) return null;
        this.#literals.push(this.#take(this.#due));
        this.#due = null;
      }
      const line = this.#line();
      if (line === null) return null;
      this.#lines.push(line);
      this.#expectLiteral(line);
      if (this.#due === null && this.malformed === null) return this.#finish();
    }
    return null;
  }

  note(oddity: LineOddity): void {
    if (!this.oddities.includes(oddity)) this.oddities = [...this.oddities, oddity];
  }

  #line(): string | null {
    const end = this.#text.indexOf("\n", this.#searched);
    const { lineBytes } = this.bounds;
    const length = (end === -1 ? this.#text.length : end) - this.#at;
    // One more than a line may have: the CR of its end may be here before the LF is.
    if (length > lineBytes + 1) return this.#refuse("limit_exceeded", `a response line of more than ${lineBytes} bytes`);
    if (end === -1) {
      this.#searched = this.#text.length;
      return null;
    }
    const line = this.#take(end + 1 - this.#at).slice(0, -1);
    if (line.charCodeAt(line.length - 1) === CARRIAGE_RETURN) return line.slice(0, -1);
    this.note("bare_line_feed");
    return line;
  }

  /** A size that is too large is refused when it is announced: there is no point in reading what will be discarded. */
  #expectLiteral(line: string): void {
    if (!line.endsWith("}") || PLAIN_TEXT.test(this.#lines[0] as string)) return;
    const size = LITERAL.exec(line)?.[1];
    if (size === undefined) return;
    const { literalBytes } = this.bounds;
    if (Number(size) > literalBytes) {
      this.#refuse("limit_exceeded", `a literal of ${size} bytes; no more than ${literalBytes} were expected, after ${excerpt(line)}`);
    } else if (this.#literals.length === LIMITS.literals) {
      this.#refuse("limit_exceeded", `a response of more than ${LIMITS.literals} literals`);
    } else this.#due = Number(size);
  }

  #finish(): Frame {
    const frame = { lines: this.#lines, literals: this.#literals };
    this.#lines = [];
    this.#literals = [];
    return frame;
  }

  #take(length: number): string {
    const taken = this.#text.slice(this.#at, this.#at + length);
    this.#at += length;
    // What was read is let go, and not kept until the server sends more.
    if (this.#at === this.#text.length) {
      this.#text = "";
      this.#at = 0;
    }
    this.#searched = this.#at;
    return taken;
  }

  #refuse(code: Break["code"], message: string): null {
    this.malformed = { code, message };
    this.#text = "";
    this.#at = 0;
    return null;
  }
}
