import { ByteQueue } from "../transport/byte-queue.js";
import { decodeError, type MessageDecoder } from "../transport/message-session.js";

/** A message of the protocol, version 3 (PostgreSQL's documentation, "Message Formats"). Its body is without the length. */
export interface PostgresMessage {
  readonly type: string;
  readonly body: Buffer;
}

/** A row of a user may be long; nothing else is. */
const MAX_MESSAGE_BYTES = 1024 * 1024;
const HEADER_BYTES = 5;
/** What a server may send. */
const TYPES = "123ACDEGHIKNRSTVWZcdnstv";

export class PostgresDecoder implements MessageDecoder<PostgresMessage> {
  readonly #bytes = new ByteQueue();

  get pendingBytes(): number {
    return this.#bytes.length;
  }

  push(bytes: Buffer): void {
    this.#bytes.push(bytes);
  }

  next(): PostgresMessage | null {
    const [first] = this.#bytes.peek(1) ?? [];
    if (first === undefined) return null;
    const type = String.fromCharCode(first);
    if (!TYPES.includes(type)) throw decodeError("protocol_violation", `the answer is not PostgreSQL's protocol: it begins with ${JSON.stringify(type)}`);
    const length = this.#bytes.peek(HEADER_BYTES)?.readInt32BE(1);
    if (length === undefined) return null;
    if (length < 4) throw decodeError("protocol_violation", `a message of ${length} bytes`);
    if (length > MAX_MESSAGE_BYTES) throw decodeError("limit_exceeded", `a message of ${length} bytes: the limit is ${MAX_MESSAGE_BYTES}`);
    const bytes = this.#bytes.take(length + 1);
    return bytes === null ? null : { type, body: bytes.subarray(HEADER_BYTES) };
  }
}

/** Reads the body of one message from front to back. */
export class FieldReader {
  #at = 0;

  constructor(readonly bytes: Buffer) {}

  get left(): number {
    return this.bytes.length - this.#at;
  }

  byte(): number {
    return this.take(1)[0] as number;
  }

  int16(): number {
    return this.take(2).readInt16BE(0);
  }

  int32(): number {
    return this.take(4).readInt32BE(0);
  }

  /** A text that ends with NUL. */
  text(): string {
    const end = this.bytes.indexOf(0, this.#at);
    if (end < 0) throw cutOff();
    const text = this.bytes.toString("utf8", this.#at, end);
    this.#at = end + 1;
    return text;
  }

  take(count: number): Buffer {
    if (count < 0 || count > this.left) throw cutOff();
    this.#at += count;
    return this.bytes.subarray(this.#at - count, this.#at);
  }
}

function cutOff() {
  return decodeError("protocol_violation", "a message ends before its fields do");
}

/** `type` is empty for the first message of a session. */
export function encodeMessage(type: string, ...parts: readonly (string | number | Buffer)[]): Buffer {
  const body = Buffer.concat(parts.map(encodePart));
  return Buffer.concat([Buffer.from(type, "latin1"), int32(body.length + 4), body]);
}

/** A text ends with NUL, and a number is one byte. */
function encodePart(part: string | number | Buffer): Buffer {
  if (typeof part === "string") return Buffer.from(`${part}\0`);
  return typeof part === "number" ? Buffer.from([part]) : part;
}

export function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}
