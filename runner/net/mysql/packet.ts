import { ByteQueue } from "../transport/byte-queue.js";
import { decodeError, type MessageDecoder } from "../transport/message-session.js";

/** A packet of the client/server protocol. Its number counts from the command that it belongs to. */
export interface MysqlPacket {
  readonly number: number;
  readonly body: Buffer;
}

/** A row of a user may be long; nothing else is. */
const MAX_PACKET_BYTES = 1024 * 1024;
const HEADER_BYTES = 4;

export class MysqlDecoder implements MessageDecoder<MysqlPacket> {
  readonly #bytes = new ByteQueue();

  get pendingBytes(): number {
    return this.#bytes.length;
  }

  push(bytes: Buffer): void {
    this.#bytes.push(bytes);
  }

  next(): MysqlPacket | null {
    const header = this.#bytes.peek(HEADER_BYTES);
    if (header === null) return null;
    const length = header.readUIntLE(0, 3);
    if (length === 0) throw decodeError("protocol_violation", "an empty packet");
    if (length > MAX_PACKET_BYTES) throw decodeError("limit_exceeded", `a packet of ${length} bytes: the limit is ${MAX_PACKET_BYTES}`);
    const bytes = this.#bytes.take(HEADER_BYTES + length);
    return bytes === null ? null : { number: bytes[3] as number, body: bytes.subarray(HEADER_BYTES) };
  }
}

export function encodePacket(number: number, ...parts: readonly (number | string | Buffer)[]): Buffer {
  const body = Buffer.concat(parts.map((part) => (typeof part === "number" ? Buffer.from([part]) : Buffer.from(part))));
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUIntLE(body.length, 0, 3);
  header[3] = number;
  return Buffer.concat([header, body]);
}

/** Little-endian. */
export function integer(value: number, bytes: number): Buffer {
  const encoded = Buffer.alloc(bytes);
  encoded.writeUIntLE(value, 0, bytes);
  return encoded;
}

/** A text or bytes with their length before them ("length-encoded string"). */
export function sized(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  const length = bytes.length < 251 ? integer(bytes.length, 1) : Buffer.concat([Buffer.from([0xfc]), integer(bytes.length, 2)]);
  return Buffer.concat([length, bytes]);
}

const NULL_MARK = 0xfb;

/** Reads the body of one packet from front to back. */
export class PacketReader {
  #at = 0;

  constructor(readonly bytes: Buffer) {}

  get left(): number {
    return this.bytes.length - this.#at;
  }

  byte(): number {
    return this.take(1)[0] as number;
  }

  unsigned(bytes: number): number {
    return this.take(bytes).readUIntLE(0, bytes);
  }

  /** A "length-encoded integer"; null stands for NULL. */
  size(): number | null {
    const first = this.byte();
    if (first < NULL_MARK) return first;
    if (first === NULL_MARK) return null;
    if (first === 0xfc) return this.unsigned(2);
    if (first === 0xfd) return this.unsigned(3);
    if (first !== 0xfe) throw decodeError("protocol_violation", "a length that begins with 255");
    const size = this.take(8).readBigUInt64LE(0);
    return size <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(size) : Number.MAX_SAFE_INTEGER;
  }

  sized(): Buffer | null {
    const size = this.size();
    return size === null ? null : this.take(size);
  }

  /** A text that ends with NUL. */
  text(): string {
    const end = this.bytes.indexOf(0, this.#at);
    if (end < 0) throw cutOff();
    const text = this.bytes.toString("utf8", this.#at, end);
    this.#at = end + 1;
    return text;
  }

  rest(): Buffer {
    return this.take(this.left);
  }

  take(count: number): Buffer {
    if (count > this.left) throw cutOff();
    this.#at += count;
    return this.bytes.subarray(this.#at - count, this.#at);
  }
}

function cutOff() {
  return decodeError("protocol_violation", "a packet ends before its fields do");
}
