import type { Phase } from "../../../schemas/failure.js";
import { failure } from "../../../schemas/failure.js";
import { FailureError, type FailureReply } from "../../run/failure-error.js";
import type { Break } from "../transport/connection.js";
import { decodeLine, excerpt, type LineOddity, type OddityRecorder } from "../transport/line-text.js";
import type { Expected } from "../transport/reply-session.js";

/** A response (RFC 3977, section 3.2). */
export interface Reply {
  readonly code: number;
  readonly text: string;
  /** Of a multi-line block, without the dots that were put before lines. */
  readonly lines: readonly string[];
}

/** Section 3.1: a response line has 512 bytes at most. Lists of capabilities have some twenty lines. */
const LIMITS = { lineBytes: 4096, lines: 512, replyBytes: 64 * 1024 } as const;

/** Reads responses out of bytes that come in any portions (latin1). Once malformed, it stays malformed. */
export class ReplyParser implements OddityRecorder {
  malformed: Break | null = null;
  oddities: readonly LineOddity[] = [];
  #text = "";
  #searched = 0;
  #begun: Reply | null = null;
  #lines: string[] = [];
  #bytes = 0;

  get isEmpty(): boolean {
    return this.#text === "" && this.#begun === null;
  }

  push(text: string): void {
    if (this.malformed === null) this.#text += text;
  }

  /** The next complete response; null while it is not there yet. */
  next({ isLong }: Pick<Expected, "isLong">): Reply | null {
    for (let line = this.#line(); line !== null; line = this.#line()) {
      const reply = this.#begun === null ? this.#first(line, isLong) : this.#following(this.#begun, line);
      if (reply !== null) return reply;
    }
    return null;
  }

  note(oddity: LineOddity): void {
    if (!this.oddities.includes(oddity)) this.oddities = [...this.oddities, oddity];
  }

  #line(): string | null {
    if (this.malformed !== null) return null;
    const end = this.#text.indexOf("\n", this.#searched);
    if ((end === -1 ? this.#text.length : end) > LIMITS.lineBytes + 1)
      return this.#refuse("limit_exceeded", `a response line of more than ${LIMITS.lineBytes} bytes`);
    this.#searched = end === -1 ? this.#text.length : 0;
    if (end === -1) return null;
    const line = this.#text.slice(0, end);
    this.#text = this.#text.slice(end + 1);
    this.#bytes += line.length + 1;
    if (line.endsWith("\r")) return line.slice(0, -1);
    this.note("bare_line_feed");
    return line;
  }

  #first(line: string, isLong: boolean): Reply | null {
    const [, code, text = ""] = /^([1-5][0-9]{2})(?: (.*))?$/.exec(line) ?? [];
    if (code === undefined) return this.#refuse("protocol_violation", `not a response: ${excerpt(line)}`);
    const reply = { code: Number(code), text: decodeLine(text, this), lines: [] };
    // A refusal has one line, whatever was asked.
    if (!isLong || reply.code >= 300) return this.#finish(reply);
    this.#begun = reply;
    return null;
  }

  #following(begun: Reply, line: string): Reply | null {
    if (line === ".") return this.#finish({ ...begun, lines: this.#lines });
    this.#lines.push(decodeLine(line.startsWith(".") ? line.slice(1) : line, this));
    if (this.#lines.length > LIMITS.lines) return this.#refuse("limit_exceeded", `a response of more than ${LIMITS.lines} lines`);
    if (this.#bytes > LIMITS.replyBytes) return this.#refuse("limit_exceeded", `a response of more than ${LIMITS.replyBytes} bytes`);
    return null;
  }

  #finish(reply: Reply): Reply {
    this.#begun = null;
    this.#lines = [];
    this.#bytes = 0;
    return reply;
  }

  #refuse(code: Break["code"], message: string): null {
    this.malformed = { code, message };
    this.#text = "";
    return null;
  }
}

export function replyLine({ code, text }: Pick<Reply, "code" | "text">): string {
  return text === "" ? String(code) : `${code} ${text}`;
}

/** Section 3.2.1: 4xx may pass, and 400 ends the session. */
export function rejected(phase: Phase, reply: Reply): FailureError {
  return new FailureError({ ...failure(phase, "reply_rejected", replyLine(reply)), reply_code: reply.code, retryable: reply.code < 500 }, failureReply(reply));
}

export function failureReply({ code, text }: Reply): FailureReply {
  return { code, enhancedCode: null, lines: [text] };
}
