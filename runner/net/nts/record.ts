import { ByteQueue } from "../transport/byte-queue.js";
import { decodeError, type MessageDecoder } from "../transport/message-session.js";

/** The types of records of key establishment (RFC 8915, section 4.1). */
export const RECORD = { end: 0, nextProtocol: 1, error: 2, warning: 3, aead: 4, cookie: 5, server: 6, port: 7 } as const;

/** Of the registry of next protocols, and of that of AEAD algorithms (RFC 5297): the one that every server has to know. */
export const NTPV4 = 0;
export const AEAD_AES_SIV_CMAC_256 = 15;

export interface NtsRecord {
  readonly type: number;
  /** A peer that does not know the type must give up. */
  readonly isCritical: boolean;
  readonly body: Buffer;
}

/** A cookie has some hundred bytes, and a server sends eight of them. */
const MAX_BODY_BYTES = 4096;

export class NtsRecordDecoder implements MessageDecoder<NtsRecord> {
  readonly #bytes = new ByteQueue();

  get pendingBytes(): number {
    return this.#bytes.length;
  }

  push(bytes: Buffer): void {
    this.#bytes.push(bytes);
  }

  next(): NtsRecord | null {
    const header = this.#bytes.peek(4);
    if (header === null) return null;
    const length = header.readUInt16BE(2);
    if (length > MAX_BODY_BYTES) throw decodeError("limit_exceeded", `a record of ${length} bytes: the limit is ${MAX_BODY_BYTES}`);
    const bytes = this.#bytes.take(4 + length);
    if (bytes === null) return null;
    const first = bytes.readUInt16BE(0);
    return { type: first & 0x7fff, isCritical: first >= 0x8000, body: bytes.subarray(4) };
  }
}

/** Every record of a client is critical. */
export function encodeRecord(type: number, body: Buffer = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(4);
  header.writeUInt16BE(0x8000 | type, 0);
  header.writeUInt16BE(body.length, 2);
  return Buffer.concat([header, body]);
}

/** The body of a record that holds a list of numbers. */
export function numbersIn(body: Buffer): number[] {
  return Array.from({ length: Math.floor(body.length / 2) }, (_, index) => body.readUInt16BE(index * 2));
}

export function encodeNumber(value: number): Buffer {
  const body = Buffer.alloc(2);
  body.writeUInt16BE(value);
  return body;
}
