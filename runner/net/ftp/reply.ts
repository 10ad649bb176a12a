import type { Phase } from "../../../schemas/failure.js";
import { failure } from "../../../schemas/failure.js";
import { FailureError, type FailureReply } from "../../run/failure-error.js";
import { decodeLine, excerpt } from "../transport/line-text.js";
import { ReplyLines } from "../transport/reply-lines.js";

/** A reply (RFC 959, section 4.2). */
export interface Reply {
  readonly code: number;
  /** Without the codes. The lines between the first and the last need not have one. */
  readonly lines: readonly string[];
}

/** Greetings with terms of use are the longest replies; lists come through the data connection. */
const LIMITS = { lineBytes: 4096, lines: 512, replyBytes: 64 * 1024 } as const;

const FIRST_LINE = /^([1-6][0-9]{2})(?:([ -])(.*))?$/s;

/** Reads replies out of bytes that come in any portions (latin1). Once malformed, it stays malformed. */
export class ReplyParser extends ReplyLines {
  #code: string | null = null;
  #lines: string[] = [];

  constructor() {
    super({ ...LIMITS, noun: "reply" });
  }

  get isEmpty(): boolean {
    return this.hasNoText && this.#code === null;
  }

  /** The next complete reply; null if it is not there yet. */
  next(): Reply | null {
    for (let line = this.line(); line !== null; line = this.line()) {
      const reply = this.#code === null ? this.#first(line) : this.#following(this.#code, line);
      if (reply !== null) return reply;
    }
    return null;
  }

  #first(line: string): Reply | null {
    const [, code, separator, text = ""] = FIRST_LINE.exec(line) ?? [];
    if (code === undefined) return this.refuse("protocol_violation", `not a reply: ${excerpt(line)}`);
    this.#lines = [decodeLine(text, this)];
    if (separator !== "-") return this.#finish(code);
    this.#code = code;
    return null;
  }

  /** The last line has the code of the first and a space; whatever stands before it is text, with or without a code. */
  #following(code: string, line: string): Reply | null {
    const isLast = line === code || line.startsWith(`${code} `);
    const text = isLast || line.startsWith(`${code}-`) ? line.slice(4) : line;
    this.#lines.push(decodeLine(text, this));
    if (isLast) return this.#finish(code);
    return this.#lines.length > LIMITS.lines ? this.refuse("limit_exceeded", `a reply of more than ${LIMITS.lines} lines`) : null;
  }

  #finish(code: string): Reply {
    const reply = { code: Number(code), lines: this.#lines };
    this.#code = null;
    this.#lines = [];
    this.finished();
    return reply;
  }
}

export function replyText({ lines }: Pick<Reply, "lines">): string {
  return lines.join("\n");
}

export function replyLine({ code, lines }: Reply): string {
  const words = lines.filter((line) => line.trim() !== "").join(" ");
  return words === "" ? String(code) : `${code} ${words}`;
}

export function isPositive({ code }: Reply): boolean {
  return code >= 200 && code < 300;
}

/** A 4yz reply is temporary, a 5yz reply permanent; a 1yz reply in place of a greeting says that the server is about to be ready. */
export function rejected(phase: Phase, reply: Reply): FailureError {
  return new FailureError(
    { ...failure(phase, "reply_rejected", replyLine(reply)), reply_code: reply.code, retryable: reply.code < 200 || (reply.code >= 400 && reply.code < 500) },
    failureReply(reply),
  );
}

export function failureReply({ code, lines }: Reply): FailureReply {
  return { code, enhancedCode: null, lines };
}
