import type { Phase } from "../../../schemas/failure.js";
import { failure } from "../../../schemas/failure.js";
import { FailureError, type FailureReply } from "../../run/failure-error.js";
import type { Break } from "../transport/connection.js";
import { decodeLine, excerpt, type LineOddity, type OddityRecorder } from "../transport/line-text.js";
import type { Expected } from "../transport/reply-session.js";

/** A response (RFC 5804, section 1.3). continue: AUTHENTICATE waits for the next line. */
export interface Reply {
  readonly status: "OK" | "NO" | "BYE" | "continue";
  /** As `TRYLATER` or `SASL "cnNwYXV0aA=="`: the text between the parentheses. */
  readonly code: string | null;
  /** For people; of a challenge, its base64. */
  readonly text: string;
  /** The strings of each line before the last one. */
  readonly lines: readonly (readonly string[])[];
}

/** Servers in use send some twenty lines, and no string of more than a few hundred bytes. */
const LIMITS = { lineBytes: 4096, stringBytes: 16_384, lines: 256, replyBytes: 64 * 1024 } as const;

/** One word of a line: a string, a code in parentheses or an atom; or the announcement of a literal at its end. */
const WORD = / *(?:"((?:[^"\\]|\\.)*)"|\{(\d{1,7})\+?\}$|\(((?:"(?:[^"\\]|\\.)*"|[^")])*)\)|([^\s"(){}]+))/y;

interface Word {
  readonly kind: "string" | "code" | "atom";
  readonly text: string;
}

/** Reads responses out of bytes that come in any portions (latin1). Once malformed, it stays malformed. */
export class ReplyParser implements OddityRecorder {
  malformed: Break | null = null;
  oddities: readonly LineOddity[] = [];
  #text = "";
  #searched = 0;
  /** Of the line that is being read: a literal continues it. */
  #words: Word[] = [];
  #literalBytes: number | null = null;
  #lines: string[][] = [];
  #bytes = 0;

  get isEmpty(): boolean {
    return this.#text === "" && this.#words.length === 0 && this.#lines.length === 0;
  }

  push(text: string): void {
    if (this.malformed === null) this.#text += text;
  }

  /** The next complete response; null if it is not there yet. */
  next({ mayContinue }: Pick<Expected, "mayContinue">): Reply | null {
    for (let words = this.#line(); words !== null; words = this.#line()) {
      const reply = this.#replyOf(words, mayContinue);
      if (reply !== null) return reply;
    }
    return null;
  }

  note(oddity: LineOddity): void {
    if (!this.oddities.includes(oddity)) this.oddities = [...this.oddities, oddity];
  }

  #replyOf(words: Word[], mayContinue: boolean): Reply | null {
    const [first, ...rest] = words;
    if (first?.kind === "string") {
      if (mayContinue && rest.length === 0 && this.#lines.length === 0) return { status: "continue", code: null, text: first.text, lines: [] };
      this.#lines.push(words.map(({ text }) => text));
      return this.#lines.length > LIMITS.lines ? this.#refuse("limit_exceeded", `a response of more than ${LIMITS.lines} lines`) : null;
    }
    const status = first?.kind === "atom" ? first.text.toUpperCase() : "";
    if (status !== "OK" && status !== "NO" && status !== "BYE")
      return this.#refuse("protocol_violation", `not a response: ${excerpt(words.map(({ text }) => text).join(" "))}`);
    const lines = this.#lines;
    this.#lines = [];
    this.#bytes = 0;
    return { status, code: textOf(rest, "code"), text: textOf(rest, "string") ?? "", lines };
  }

  /** The words of the next complete line, its literals included. */
  #line(): Word[] | null {
    while (this.malformed === null) {
      if (this.#literalBytes !== null && !this.#takeLiteral(this.#literalBytes)) return null;
      const line = this.#physicalLine();
      if (line === null) return null;
      if (!this.#takeWords(decodeLine(line, this)) || this.#literalBytes !== null) continue;
      const words = this.#words;
      this.#words = [];
      return words;
    }
    return null;
  }

  #takeLiteral(bytes: number): boolean {
    if (this.#text.length < bytes) return false;
    this.#words.push({ kind: "string", text: this.#decoded(this.#text.slice(0, bytes)) });
    this.#text = this.#text.slice(bytes);
    this.#bytes += bytes;
    this.#literalBytes = null;
    return true;
  }

  /** A literal may have more than one line. */
  #decoded(literal: string): string {
    return literal
      .split("\r\n")
      .map((line) => decodeLine(line, this))
      .join("\r\n");
  }

  #physicalLine(): string | null {
    const end = this.#text.indexOf("\n", this.#searched);
    if ((end === -1 ? this.#text.length : end) > LIMITS.lineBytes)
      return this.#refuse("limit_exceeded", `a response line of more than ${LIMITS.lineBytes} bytes`);
    this.#searched = end === -1 ? this.#text.length : 0;
    if (end === -1) return null;
    const line = this.#text.slice(0, end);
    this.#text = this.#text.slice(end + 1);
    this.#bytes += line.length + 1;
    if (this.#bytes > LIMITS.replyBytes) return this.#refuse("limit_exceeded", `a response of more than ${LIMITS.replyBytes} bytes`);
    if (line.endsWith("\r")) return line.slice(0, -1);
    this.note("bare_line_feed");
    return line;
  }

  #takeWords(line: string): boolean {
    let at = 0;
    while (at < line.length) {
      WORD.lastIndex = at;
      const [whole, quoted, literal, code, atom] = WORD.exec(line) ?? [];
      if (whole === undefined) break;
      at += whole.length;
      if (literal !== undefined) this.#literalBytes = Number(literal);
      else if (quoted !== undefined) this.#words.push({ kind: "string", text: quoted.replace(/\\(.)/g, "$1") });
      else this.#words.push(code === undefined ? { kind: "atom", text: atom as string } : { kind: "code", text: code });
    }
    if ((this.#literalBytes ?? 0) > LIMITS.stringBytes) this.#refuse("limit_exceeded", `a string of more than ${LIMITS.stringBytes} bytes`);
    else if (line.slice(at).trim() !== "") this.#refuse("protocol_violation", `not a response: ${excerpt(line)}`);
    return this.malformed === null;
  }

  #refuse(code: Break["code"], message: string): null {
    this.malformed = { code, message };
    this.#text = "";
    return null;
  }
}

function textOf(words: readonly Word[], kind: Word["kind"]): string | null {
  return words.find((word) => word.kind === kind)?.text ?? null;
}

/** The last line of a response as it is shown to people, as `NO (TRYLATER) "Busy"`. */
export function replyLine({ status, code, text }: Reply): string {
  const words = [...(status === "continue" ? [] : [status]), ...(code === null ? [] : [`(${code})`]), ...(text === "" ? [] : [JSON.stringify(text)])];
  return words.join(" ");
}

/** A BYE before a login, and TRYLATER (RFC 5804, section 1.3), may be different later. */
export function rejected(phase: Phase, reply: Reply): FailureError {
  const retryable = phase === "greeting" || reply.code?.toUpperCase() === "TRYLATER";
  return new FailureError({ ...failure(phase, "reply_rejected", replyLine(reply)), retryable }, failureReply(reply));
}

export function failureReply({ status, code, text }: Reply): FailureReply {
  return { code: status, enhancedCode: code, lines: [text] };
}

export function accepted<Each extends Reply>(phase: Phase, reply: Each): Each {
  if (reply.status !== "OK") throw rejected(phase, reply);
  return reply;
}
