import { excerpt } from "../transport/line-text.js";
import type { Frame } from "./framer.js";
import { LIMITS } from "./limits.js";

/** A datum of a response (RFC 3501, section 4): NIL, a list, or a text. */
export type Value = null | Text | readonly Value[];

export interface Text {
  /** An atom as BODY[HEADER] or \Seen stands bare; a string stands in quotes or is a literal. "NIL" in quotes is no NIL. */
  readonly kind: "atom" | "string";
  /** One character a byte. */
  readonly text: string;
}

/** What cannot be read as data. */
export class Unreadable extends Error {
  override readonly name = "Unreadable";

  constructor(
    readonly code: "protocol_violation" | "limit_exceeded",
    message: string,
  ) {
    super(message);
  }
}

/** The values from a place in the first line to the end of the response. */
export function readValues(frame: Frame, at: number): Value[] {
  const reader = new Reader(frame, at);
  return reader.list(null, 0);
}

/** The text of a value, as UTF-8 if valid; null for NIL and lists. */
export function textOf(value: Value | undefined): string | null {
  return value === null || value === undefined || isList(value) ? null : Buffer.from(value.text, "latin1").toString("utf8");
}

/** The bytes of a value; null for NIL and lists. */
export function bytesOf(value: Value | undefined): Buffer | null {
  return value === null || value === undefined || isList(value) ? null : Buffer.from(value.text, "latin1");
}

/** RFC 3501, section 9: number. Null for what is none, and for what cannot be exact. */
export function numberOf(value: Value | undefined): number | null {
  if (value === null || value === undefined || isList(value) || value.kind !== "atom") return null;
  return /^\d{1,15}$/.test(value.text) ? Number(value.text) : null;
}

export function listOf(value: Value | undefined): readonly Value[] | null {
  return value !== null && value !== undefined && isList(value) ? value : null;
}

/** The texts of a list, as of flags. */
export function textsOf(value: Value | undefined): string[] {
  return (listOf(value) ?? []).flatMap((each) => textOf(each) ?? []);
}

function isList(value: Text | readonly Value[]): value is readonly Value[] {
  return Array.isArray(value);
}

/** What an atom may hold here: more than a client may send, since servers put flags, wildcards and sections bare. */
const ATOM_ENDS = new Set([" ", "(", ")", '"', "{"]);

const SECTIONED = /^(?:BODY|BINARY(?:\.SIZE)?)$/i;

class Reader {
  #line = 0;
  #values = 0;

  constructor(
    readonly frame: Frame,
    private at: number,
  ) {}

  /** Up to the bracket, or the end of the response if there is none. */
  list(closing: ")" | null, depth: number): Value[] {
    if (depth > LIMITS.depth) throw new Unreadable("limit_exceeded", `lists are nested more than ${LIMITS.depth} deep`);
    const values: Value[] = [];
    for (;;) {
      const next = this.#next();
      if (next === "" || next === ")") {
        if (next !== (closing ?? "")) throw this.#unreadable(next === "" ? "a list is not closed" : "a list is closed that was not opened");
        this.at += 1;
        return values;
      }
      this.#values += 1;
      if (this.#values > LIMITS.values) throw new Unreadable("limit_exceeded", `a response holds more than ${LIMITS.values} values`);
      values.push(this.#value(next, depth));
    }
  }

  /** The next character that is no space; "" at the end of the response. Some servers send an extra space, or one at the end. */
  #next(): string {
    const text = this.#text;
    while (text[this.at] === " ") this.at += 1;
    return text[this.at] ?? "";
  }

  get #text(): string {
    return this.frame.lines[this.#line] as string;
  }

  #value(first: string, depth: number): Value {
    if (first === "(") {
      this.at += 1;
      return this.list(")", depth + 1);
    }
    const value = first === '"' ? this.#quoted() : this.#isLiteral() ? this.#literal() : this.#atom();
    const following = this.#text[this.at];
    if (following !== undefined && following !== " " && following !== ")") throw this.#unreadable("a space was expected");
    return value;
  }

  #quoted(): Text {
    const text = this.#text;
    let read = "";
    for (let at = this.at + 1; at < text.length; at++) {
      if (text[at] === '"') {
        this.at = at + 1;
        return { kind: "string", text: read };
      }
      if (text[at] === "\\") at += 1;
      read += text[at] ?? "";
    }
    throw this.#unreadable("a quoted string is not closed");
  }

  /** The framer has read its bytes, and found its size at the end of this line. */
  #isLiteral(): boolean {
    return this.#line < this.frame.literals.length && /^~?\{\d{1,20}\+?\}$/.test(this.#text.slice(this.at, this.at + 24));
  }

  #literal(): Text {
    const text = this.frame.literals[this.#line] as string;
    this.#line += 1;
    this.at = 0;
    return { kind: "string", text };
  }

  #atom(): Text | null {
    const text = this.#text;
    const start = this.at;
    let at = start;
    for (; at < text.length && !ATOM_ENDS.has(text[at] as string); at++) {
      if (isControl(text.charCodeAt(at))) throw this.#unreadable("a control character");
      // A section's own list belongs to it, as in BODY[HEADER.FIELDS (DATE)] (RFC 3501, section 6.4.5). Other atoms may hold a bracket.
      if (text[at] === "[" && SECTIONED.test(text.slice(start, at))) at = this.#sectionEnd(text, at);
    }
    if (at === start) throw this.#unreadable("an atom was expected");
    this.at = at;
    const atom = text.slice(start, at);
    return atom.toUpperCase() === "NIL" ? null : { kind: "atom", text: atom };
  }

  #sectionEnd(text: string, from: number): number {
    const end = text.indexOf("]", from);
    if (end === -1) throw this.#unreadable("a section is not closed");
    return end;
  }

  #unreadable(what: string): Unreadable {
    return new Unreadable("protocol_violation", `${what} at ${excerpt(this.#text.slice(this.at))}`);
  }
}

function isControl(unit: number): boolean {
  return unit < 32 || unit === 127;
}
