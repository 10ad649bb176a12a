import type { Phase } from "../../../schemas/failure.js";
import { failure } from "../../../schemas/failure.js";
import { FailureError, type FailureReply } from "../../run/failure-error.js";
import { decodeLine, excerpt } from "../transport/line-text.js";
import { ReplyLines } from "../transport/reply-lines.js";
import { LIMITS } from "./limits.js";

/** A reply (RFC 1939, section 3). continue: AUTH waits for the client's next line. */
export interface Reply {
  readonly status: "OK" | "ERR" | "continue";
  /** As IN-USE or SYS/TEMP (RFC 2449, RFC 3206), in upper case. */
  readonly code: string | null;
  /** For people; of a challenge, its base64. */
  readonly text: string;
  /** What follows where more than one line is due, without the dots that were put before it. */
  readonly lines: readonly string[];
}

/** Whether more lines follow a +OK is known by who asked. */
export interface Expected {
  readonly isLong: boolean;
}

/** Reads replies out of bytes that come in any portions (latin1). Once malformed, it stays malformed. */
export class ReplyParser extends ReplyLines {
  #begun: Reply | null = null;
  #lines: string[] = [];

  constructor() {
    super({ lineBytes: LIMITS.replyLineBytes, replyBytes: LIMITS.replyBytes, noun: "reply" });
  }

  get isEmpty(): boolean {
    return this.hasNoText && this.#begun === null;
  }

  /** The next finished reply; null while it is not there yet, and for ever once malformed. */
  next({ isLong }: Expected): Reply | null {
    for (let line = this.line(); line !== null; line = this.line()) {
      const reply = this.#begun === null ? this.#first(line, isLong) : this.#following(this.#begun, line);
      if (reply !== null) return reply;
    }
    return null;
  }

  #first(line: string, isLong: boolean): Reply | null {
    const [whole, word, rest = ""] = /^(\+OK|-ERR|\+)(?: ([\s\S]*))?$/i.exec(line) ?? [];
    if (whole === undefined || word === undefined) return this.refuse("protocol_violation", `not a reply: ${excerpt(line)}`);
    const reply = { ...codedText(decodeLine(rest, this), word), lines: [] };
    if (!isLong || reply.status !== "OK") return this.#finish(reply);
    this.#begun = reply;
    return null;
  }

  #following(begun: Reply, line: string): Reply | null {
    if (line === ".") return this.#finish({ ...begun, lines: this.#lines });
    this.#lines.push(decodeLine(line.startsWith(".") ? line.slice(1) : line, this));
    if (this.#lines.length > LIMITS.replyLines) return this.refuse("limit_exceeded", `a reply of more than ${LIMITS.replyLines} lines`);
    return null;
  }

  #finish(reply: Reply): Reply {
    this.#begun = null;
    this.#lines = [];
    this.finished();
    return reply;
  }
}

function codedText(text: string, word: string): Pick<Reply, "status" | "code" | "text"> {
  if (word === "+") return { status: "continue", code: null, text };
  const [whole, code] = /^\[([A-Z0-9/_-]{1,64})\] ?/i.exec(text) ?? [];
  const status = word.toUpperCase() === "+OK" ? "OK" : "ERR";
  return whole === undefined || code === undefined ? { status, code: null, text } : { status, code: code.toUpperCase(), text: text.slice(whole.length) };
}

const STATUS_WORDS = { OK: "+OK", ERR: "-ERR", continue: "+" } as const;

/** A reply's first line as it is shown to a person, as `-ERR [IN-USE] Do you have another session?` */
export function replyLine({ status, code, text }: Pick<Reply, "status" | "code" | "text">): string {
  return [STATUS_WORDS[status], ...(code === null ? [] : [`[${code}]`]), ...(text === "" ? [] : [text])].join(" ");
}

/** RFC 2449, section 8 and RFC 3206: what the server itself calls temporary. */
const TEMPORARY: ReadonlySet<string> = new Set(["IN-USE", "LOGIN-DELAY", "SYS/TEMP"]);

/** The failure that a reply is, when it refuses what was asked. POP3 has no numbers: its words stand in the message. */
export function rejected(phase: Phase, reply: Reply): FailureError {
  // A server that refuses instead of greeting turns everybody away for now.
  const retryable = phase === "greeting" || TEMPORARY.has(reply.code ?? "");
  return new FailureError({ ...failure(phase, "reply_rejected", replyLine(reply)), retryable }, failureReply(reply));
}

export function failureReply({ status, code, text }: Reply): FailureReply {
  return { code: STATUS_WORDS[status], enhancedCode: code, lines: [text] };
}

/** Returns the reply if the server did what was requested. */
export function accepted<Each extends Reply>(phase: Phase, reply: Each): Each {
  if (reply.status !== "OK") throw rejected(phase, reply);
  return reply;
}
