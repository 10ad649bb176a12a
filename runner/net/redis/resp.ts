import { ByteQueue, TOO_LONG } from "../transport/byte-queue.js";
import { decodeError, type MessageDecoder } from "../transport/message-session.js";

/** A reply of RESP2 or RESP3. In a map keys and values alternate. A number beyond 2^53 is text. */
export type RedisReply =
  | { readonly type: "status" | "error"; readonly text: string }
  | { readonly type: "bulk"; readonly bytes: Buffer }
  | { readonly type: "number"; readonly value: number | string }
  | { readonly type: "boolean"; readonly value: boolean }
  | { readonly type: "null" }
  | { readonly type: "list" | "map" | "set" | "push" | "attribute"; readonly items: readonly RedisReply[] };

const LIMITS = {
  /** A status, an error, a number, or the header of something longer. */
  lineBytes: 4096,
  /** INFO takes about 6 KB; a value of a user that is longer is not read. */
  replyBytes: 1024 * 1024,
  /** Of one reply, at all depths. */
  items: 10_000,
  depth: 8,
} as const;

type Aggregate = "list" | "map" | "set" | "push" | "attribute";
const AGGREGATES: Readonly<Record<string, Aggregate>> = { "*": "list", "%": "map", "~": "set", ">": "push", "|": "attribute" };

interface Open {
  readonly type: Aggregate;
  readonly items: RedisReply[];
  readonly count: number;
}

interface Bulk {
  readonly mark: string;
  readonly length: number;
}

/** Cuts what a server sends into replies (RESP2 and RESP3). It keeps its place inside of a reply, so no byte is read twice. */
export class RespDecoder implements MessageDecoder<RedisReply> {
  readonly #bytes = new ByteQueue();
  #open: Open[] = [];
  /** A bulk text whose header was read. */
  #bulk: Bulk | null = null;
  #replyBytes = 0;
  #items = 0;

  get pendingBytes(): number {
    return this.#bytes.length;
  }

  push(bytes: Buffer): void {
    this.#bytes.push(bytes);
  }

  next(): RedisReply | null {
    for (let value = this.#value(); value !== null; value = this.#value()) {
      const reply = this.#close(value);
      if (reply === null) continue;
      this.#replyBytes = 0;
      this.#items = 0;
      return reply;
    }
    return null;
  }

  /** The next value without parts, or an aggregate that has none; null while it is not complete. */
  #value(): RedisReply | null {
    for (;;) {
      if (this.#bulk !== null) return this.#bulkText(this.#bulk);
      const line = this.#bytes.takeLine(LIMITS.lineBytes);
      if (line === null) {
        this.#requireMark();
        return null;
      }
      if (line === TOO_LONG) throw decodeError("limit_exceeded", `a line of more than ${LIMITS.lineBytes} bytes`);
      this.#count(line.length);
      const value = this.#begin(line.charAt(0), line.slice(1));
      if (value !== null) return value;
    }
  }

  /** What does not begin as a reply never becomes one: nothing more of it is awaited. */
  #requireMark(): void {
    const [mark] = this.#bytes.peek(1) ?? [];
    if (mark !== undefined && !MARKS.includes(String.fromCharCode(mark))) throw decodeError("protocol_violation", "the answer is not Redis' protocol");
  }

  /** Null if a bulk text or an aggregate was opened. */
  #begin(mark: string, rest: string): RedisReply | null {
    switch (mark) {
      case "+":
        return { type: "status", text: decoded(rest) };
      case "-":
        return { type: "error", text: decoded(rest) };
      case ":":
        return { type: "number", value: integer(rest) };
      case ",":
        return { type: "number", value: double(rest) };
      case "(":
        return { type: "number", value: integer(rest) };
      case "#":
        if (rest !== "t" && rest !== "f") throw notA("boolean", rest);
        return { type: "boolean", value: rest === "t" };
      case "_":
        return { type: "null" };
      case "$":
      case "=":
      case "!":
        return this.#openBulk(mark, rest);
      default:
        return this.#openAggregate(AGGREGATES[mark], mark, rest);
    }
  }

  #openBulk(mark: string, rest: string): RedisReply | null {
    const length = size(rest);
    if (length === null) return { type: "null" };
    this.#count(length);
    this.#bulk = { mark, length };
    return null;
  }

  #bulkText({ mark, length }: Bulk): RedisReply | null {
    const bytes = this.#bytes.take(length + 2);
    if (bytes === null) return null;
    if (bytes[length] !== 13 || bytes[length + 1] !== 10) throw decodeError("protocol_violation", "a bulk text that does not end where it says");
    this.#bulk = null;
    const text = bytes.subarray(0, length);
    if (mark === "!") return { type: "error", text: text.toString("utf8").slice(0, LIMITS.lineBytes) };
    // Verbatim texts begin with their format, as txt:.
    return { type: "bulk", bytes: mark === "=" ? text.subarray(4) : text };
  }

  #openAggregate(type: Aggregate | undefined, mark: string, rest: string): RedisReply | null {
    if (type === undefined) throw decodeError("protocol_violation", `the answer is not Redis' protocol: it begins with ${JSON.stringify(mark)}`);
    const length = size(rest);
    if (length === null) return { type: "null" };
    const count = type === "map" || type === "attribute" ? length * 2 : length;
    this.#items += count;
    if (this.#items > LIMITS.items) throw decodeError("limit_exceeded", `a reply of more than ${LIMITS.items} items`);
    if (count === 0) return { type, items: [] };
    if (this.#open.length >= LIMITS.depth) throw decodeError("limit_exceeded", `a reply that is nested more than ${LIMITS.depth} deep`);
    this.#open.push({ type, items: [], count });
    return null;
  }

  /** Puts a value into the aggregates that it completes. Null if one of them still wants more. */
  #close(value: RedisReply): RedisReply | null {
    let complete = value;
    for (let open = this.#open.at(-1); open !== undefined; open = this.#open.at(-1)) {
      open.items.push(complete);
      if (open.items.length < open.count) return null;
      this.#open.pop();
      complete = { type: open.type, items: open.items };
    }
    return complete;
  }

  #count(bytes: number): void {
    this.#replyBytes += bytes;
    if (this.#replyBytes > LIMITS.replyBytes) throw decodeError("limit_exceeded", `a reply of more than ${LIMITS.replyBytes} bytes`);
  }
}

const MARKS = "+-:,(#_$=!*%~>|";

/** A command is a list of bulk texts: nothing in an argument can end it. */
export function encodeCommand(...words: readonly string[]): Buffer {
  return Buffer.from(`*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`);
}

function size(text: string): number | null {
  if (text === "-1") return null;
  if (!/^\d{1,10}$/.test(text)) throw notA("length", text);
  return Number(text);
}

function integer(text: string): number | string {
  if (!/^[+-]?\d{1,400}$/.test(text)) throw notA("number", text);
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : text;
}

/** JSON has no infinity: it stays text. */
function double(text: string): number | string {
  if (/^(?:[+-]?inf|nan)$/i.test(text)) return text;
  if (!/^[+-]?\d{1,320}(?:\.\d{1,320})?(?:e[+-]?\d{1,3})?$/i.test(text)) throw notA("number", text);
  const value = Number(text);
  return Number.isFinite(value) ? value : text;
}

function decoded(latin1: string): string {
  return Buffer.from(latin1, "latin1").toString("utf8");
}

function notA(what: string, text: string) {
  return decodeError("protocol_violation", `${JSON.stringify(text.slice(0, 40))} is not a ${what}`);
}
