import { ByteQueue } from "../transport/byte-queue.js";
import { decodeError, type MessageDecoder } from "../transport/message-session.js";

/** The kinds of packets of Oracle's network layer that a listener sends or gets before a session. */
export const TNS = { connect: 1, accept: 2, refuse: 4, redirect: 5, data: 6, resend: 11 } as const;

export interface TnsPacket {
  readonly type: number;
  readonly body: Buffer;
}

const HEADER_BYTES = 8;
const MAX_PACKET_BYTES = 8192;
const TYPES: ReadonlySet<number> = new Set(Object.values(TNS));

/** Reads packets as they are before a session: with a length of two bytes. */
export class TnsDecoder implements MessageDecoder<TnsPacket> {
  readonly #bytes = new ByteQueue();

  get pendingBytes(): number {
    return this.#bytes.length;
  }

  push(bytes: Buffer): void {
    this.#bytes.push(bytes);
  }

  next(): TnsPacket | null {
    const header = this.#bytes.peek(HEADER_BYTES);
    if (header === null) return null;
    const length = header.readUInt16BE(0);
    const type = header[4] as number;
    if (!TYPES.has(type) || length < HEADER_BYTES) throw decodeError("protocol_violation", "the answer is not Oracle's protocol");
    if (length > MAX_PACKET_BYTES) throw decodeError("limit_exceeded", `a packet of ${length} bytes: the limit is ${MAX_PACKET_BYTES}`);
    const packet = this.#bytes.take(length);
    return packet === null ? null : { type, body: packet.subarray(HEADER_BYTES) };
  }
}

export function encodeTns(type: number, body: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(HEADER_BYTES + body.length, 0);
  header[4] = type;
  return Buffer.concat([header, body]);
}

const VERSION = { wanted: 319, least: 300 } as const;
const SESSION_DATA_BYTES = 8192;
const TRANSPORT_DATA_BYTES = 65_535;
/** What the transport can do: it is full duplex, and has no urgent data. */
const TRANSPORT = 0x4f98;
const CONNECT_BYTES = 74;
/** A CONNECT with its data, such as (DESCRIPTION=(CONNECT_DATA=(SERVICE_NAME=shop))): of more than 230 bytes they would have to follow in a packet of their own. */
export function encodeConnect(data: string): Buffer {
  const body = Buffer.alloc(CONNECT_BYTES - HEADER_BYTES);
  const field = (at: number, value: number): number => body.writeUInt16BE(value, at - HEADER_BYTES);
  field(8, VERSION.wanted);
  field(10, VERSION.least);
  field(14, SESSION_DATA_BYTES);
  field(16, TRANSPORT_DATA_BYTES);
  field(18, TRANSPORT);
  // A one in the byte order of this machine.
  field(22, 1);
  field(24, data.length);
  field(26, CONNECT_BYTES);
  body.writeUInt32BE(SESSION_DATA_BYTES, 58 - HEADER_BYTES);
  body.writeUInt32BE(TRANSPORT_DATA_BYTES, 62 - HEADER_BYTES);
  return encodeTns(TNS.connect, Buffer.concat([body, Buffer.from(data, "latin1")]));
}
