import { ByteQueue } from "../transport/byte-queue.js";
import { decodeError, type MessageDecoder } from "../transport/message-session.js";

/** A frame of the native protocol, version 4 (native_protocol_v4.spec, section 2). */
export interface CassandraFrame {
  readonly stream: number;
  readonly opcode: number;
  readonly body: Buffer;
}

export const OPCODE = {
  error: 0x00,
  startup: 0x01,
  ready: 0x02,
  authenticate: 0x03,
  options: 0x05,
  supported: 0x06,
  query: 0x07,
  result: 0x08,
  authChallenge: 0x0e,
  authResponse: 0x0f,
  authSuccess: 0x10,
} as const;

const REQUEST = 0x04;
const RESPONSE = 0x80;
const VERSION = 0x84;
const HEADER_BYTES = 9;
const MAX_BODY_BYTES = 256 * 1024;
/** Section 2.2: a trace's id, a custom payload, and warnings stand before the body. None is asked for but warnings, which a server may add. */
const FLAG = { warning: 0x08 } as const;

export class CassandraDecoder implements MessageDecoder<CassandraFrame> {
  readonly #bytes = new ByteQueue();

  get pendingBytes(): number {
    return this.#bytes.length;
  }

  push(bytes: Buffer): void {
    this.#bytes.push(bytes);
  }

  next(): CassandraFrame | null {
    const [version] = this.#bytes.peek(1) ?? [];
    if (version === undefined) return null;
    if ((version & RESPONSE) === 0) throw decodeError("protocol_violation", `the answer is not Cassandra's protocol: it begins with ${version}`);
    const header = this.#bytes.peek(HEADER_BYTES);
    if (header === null) return null;
    const opcode = header[4] as number;
    // A server that does not speak version 4 says so in a version of its own.
    if (version !== VERSION && opcode !== OPCODE.error) throw decodeError("unsupported", `an answer of version ${version & ~RESPONSE} of the protocol, not 4`);
    const length = header.readInt32BE(5);
    if (length < 0) throw decodeError("protocol_violation", `a frame of ${length} bytes`);
    if (length > MAX_BODY_BYTES) throw decodeError("limit_exceeded", `a frame of ${length} bytes: the limit is ${MAX_BODY_BYTES}`);
    const bytes = this.#bytes.take(HEADER_BYTES + length);
    if (bytes === null) return null;
    return { stream: bytes.readInt16BE(2), opcode, body: withoutWarnings(bytes[1] as number, bytes.subarray(HEADER_BYTES)) };
  }
}

function withoutWarnings(flags: number, body: Buffer): Buffer {
  if (flags === 0) return body;
  if (flags !== FLAG.warning) throw decodeError("protocol_violation", `a frame with the flags ${flags}, which nothing asked for`);
  const reader = new FrameReader(body);
  reader.texts();
  return reader.take(reader.left);
}

export function encodeFrame(opcode: number, stream: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const header = Buffer.alloc(HEADER_BYTES);
  header[0] = REQUEST;
  header.writeInt16BE(stream, 2);
  header[4] = opcode;
  header.writeInt32BE(body.length, 5);
  return Buffer.concat([header, body]);
}

/** Section 3: the notations [string], [string map] and [long string]. */
export function shortText(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([uint16(bytes.length), bytes]);
}

export function textMap(map: Readonly<Record<string, string>>): Buffer {
  const entries = Object.entries(map);
  return Buffer.concat([uint16(entries.length), ...entries.flat().map(shortText)]);
}

export function longBytes(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

export function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

/** Reads the body of one frame from front to back. */
export class FrameReader {
  #at = 0;

  constructor(readonly bytes: Buffer) {}

  get left(): number {
    return this.bytes.length - this.#at;
  }

  uint16(): number {
    return this.take(2).readUInt16BE(0);
  }

  int32(): number {
    return this.take(4).readInt32BE(0);
  }

  text(): string {
    return this.take(this.uint16()).toString("utf8");
  }

  texts(): string[] {
    return Array.from({ length: this.uint16() }, () => this.text());
  }

  /** Null stands for NULL. */
  value(): Buffer | null {
    const length = this.int32();
    return length < 0 ? null : this.take(length);
  }

  take(count: number): Buffer {
    if (count > this.left) throw decodeError("protocol_violation", "a frame ends before its fields do");
    this.#at += count;
    return this.bytes.subarray(this.#at - count, this.#at);
  }
}
