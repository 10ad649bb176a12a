import type { Phase } from "../../../schemas/failure.js";
import { failure } from "../../../schemas/failure.js";
import { FailureError, type FailureReply } from "../../run/failure-error.js";
import { decodeLine, excerpt } from "../transport/line-text.js";
import { ReplyLines } from "../transport/reply-lines.js";
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
export class ReplyParser extends ReplyLines {
  #begun: Reply | null = null;
  #lines: string[] = [];

  constructor() {
    super({ ...LIMITS, noun: "response" });
  }

  get isEmpty(): boolean {
    return this.hasNoText && this.#begun === null;
  }

  /** The next complete response; null while it is not there yet. */
  next({ isLong }: Pick<Expected, "isLong">): Reply | null {
    for (let line = this.line(); line !== null; line = this.line()) {
      const reply = this.#begun === null ? this.#first(line, isLong) : this.#following(this.#begun, line);
      if (reply !== null) return reply;
    }
    return null;
  }

  #first(line: string, isLong: boolean): Reply | null {
    const [, code, text = ""] = /^([1-5][0-9]{2})(?: (.*))?$/.exec(line) ?? [];
    if (code === undefined) return this.refuse("protocol_violation", `not a response: ${excerpt(line)}`);
    const reply = { code: Number(code), text: decodeLine(text, this), lines: [] };
    // A refusal has one line, whatever was asked.
    if (!isLong || reply.code >= 300) return this.#finish(reply);
    this.#begun = reply;
    return null;
  }

  #following(begun: Reply, line: string): Reply | null {
    if (line === ".") return this.#finish({ ...begun, lines: this.#lines });
    this.#lines.push(decodeLine(line.startsWith(".") ? line.slice(1) : line, this));
    if (this.#lines.length > LIMITS.lines) return this.refuse("limit_exceeded", `a response of more than ${LIMITS.lines} lines`);
    return null;
  }

  #finish(reply: Reply): Reply {
    this.#begun = null;
    this.#lines = [];
    this.finished();
    return reply;
  }
}

export function replyLine({ code, text }: Pick<Reply, "code" | "text">): string {
  return text === "" ? String(code) : `${code} ${text}`;
}

/** Section 3.2.1: these pass, as the server is unavailable or has a fault of its own; other codes from 400 on refuse this client or this command. */
const TEMPORARY: ReadonlySet<number> = new Set([400, 403]);

export function rejected(phase: Phase, reply: Reply): FailureError {
  return new FailureError(
    { ...failure(phase, "reply_rejected", replyLine(reply)), reply_code: reply.code, retryable: TEMPORARY.has(reply.code) },
    failureReply(reply),
  );
}

export function failureReply({ code, text }: Reply): FailureReply {
  return { code, enhancedCode: null, lines: [text] };
}
