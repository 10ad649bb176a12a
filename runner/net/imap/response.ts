import type { Break } from "../transport/connection.js";
import { decodeLine, excerpt } from "../transport/line-text.js";
import { type Frame, Framer } from "./framer.js";
import { readValues, Unreadable, type Value } from "./parse-data.js";

/** The response code of a status response, in brackets before its text (RFC 3501, section 7.1; RFC 5530). */
export interface ResponseCode {
  /** In upper case, as UIDVALIDITY. */
  readonly name: string;
  /** Its arguments as they were sent; "" if there are none. */
  readonly argument: string;
}

export interface StatusText {
  readonly code: ResponseCode | null;
  /** For people. */
  readonly text: string;
}

/** The end of a command. */
export interface Tagged extends StatusText {
  readonly kind: "tagged";
  readonly tag: string;
  readonly status: "OK" | "NO" | "BAD";
}

/** What a server says of itself, asked or not. */
export interface Status extends StatusText {
  readonly kind: "status";
  readonly status: "OK" | "NO" | "BAD" | "BYE" | "PREAUTH";
}

/** As `* 23 EXISTS`, `* LIST (…) "/" INBOX`, `* 5 FETCH (…)`. */
export interface Data {
  readonly kind: "data";
  /** In upper case, as FETCH. */
  readonly name: string;
  /** The number before the name; null if there is none. */
  readonly number: number | null;
  readonly values: readonly Value[];
}

/** The server waits for the rest of a command. */
export interface Continuation {
  readonly kind: "continuation";
  readonly text: string;
}

export type Response = Tagged | Status | Data | Continuation;
export type Untagged = Status | Data;

/** Reads responses (RFC 3501, section 7; RFC 9051 adds none that is not read as data) out of bytes that come in any portions. */
export class ResponseParser extends Framer {
  /** The frame of the response that was read last, for the trace. */
  frame: Frame | null = null;

  /** The next response; null while it is not there yet, and for ever once malformed. */
  response(): Response | null {
    const frame = this.next();
    if (frame === null) return null;
    this.frame = frame;
    try {
      return this.#read(frame);
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      return this.#refused(error.code, error.message);
    }
  }

  #read(frame: Frame): Response | null {
    const [line] = frame.lines as [string];
    if (line[0] === "+") return { kind: "continuation", text: decodeLine(line.slice(line[1] === " " ? 2 : 1), this) };
    const [, tag, word] = /^([!-~]+) ([!-~]+)(?= |$)/.exec(line) ?? [];
    if (tag === undefined || word === undefined) return this.#violation(`not a response: ${excerpt(line)}`);
    const rest = line.slice(tag.length + word.length + 2);
    const status = word.toUpperCase();
    if (tag !== "*") return this.#tagged(tag, status, rest, line);
    if (isUntaggedStatus(status)) return { kind: "status", status, ...this.#statusText(rest) };
    return this.#data(frame, word);
  }

  #tagged(tag: string, status: string, rest: string, line: string): Tagged | null {
    if (status !== "OK" && status !== "NO" && status !== "BAD") return this.#violation(`not a response: ${excerpt(line)}`);
    return { kind: "tagged", tag, status, ...this.#statusText(rest) };
  }

  #data(frame: Frame, word: string): Data | null {
    const line = frame.lines[0] as string;
    if (!/^\d+$/.test(word)) return { kind: "data", name: word.toUpperCase(), number: null, values: readValues(frame, word.length + 2) };
    const name = /^[!-~]+/.exec(line.slice(word.length + 3))?.[0];
    // RFC 3501, section 9: a number has 32 bits.
    if (name === undefined || Number(word) > 0xff_ff_ff_ff) return this.#violation(`not a response: ${excerpt(line)}`);
    return { kind: "data", name: name.toUpperCase(), number: Number(word), values: readValues(frame, word.length + name.length + 3) };
  }

  #statusText(rest: string): StatusText {
    const text = decodeLine(rest, this);
    const [whole, name, argument] = /^\[([^\s\]"]+)(?: ((?:"(?:[^"\\]|\\.)*"|[^\]"])*))?\] ?/.exec(text) ?? [];
    if (whole === undefined || name === undefined) return { code: null, text };
    return { code: { name: name.toUpperCase(), argument: (argument ?? "").trim() }, text: text.slice(whole.length) };
  }

  #violation(message: string): null {
    return this.#refused("protocol_violation", message);
  }

  #refused(code: Break["code"], message: string): null {
    this.malformed = { code, message };
    return null;
  }
}

function isUntaggedStatus(word: string): word is Status["status"] {
  return word === "OK" || word === "NO" || word === "BAD" || word === "BYE" || word === "PREAUTH";
}

/** A status as it is shown to a person, as `NO [AUTHENTICATIONFAILED] Authentication failed.` */
export function statusLine({ status, code, text }: Pick<Tagged | Status, "status" | "code" | "text">): string {
  const shown = code === null ? [] : [`[${code.name}${code.argument === "" ? "" : ` ${code.argument}`}]`];
  return [status, ...shown, ...(text === "" ? [] : [text])].join(" ");
}
