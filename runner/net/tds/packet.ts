import { ByteQueue } from "../transport/byte-queue.js";
import { decodeError, type MessageDecoder } from "../transport/message-session.js";

/** [MS-TDS] 2.2.3.1.1: what a packet holds. */
export const PACKET = { batch: 0x01, rpc: 0x03, response: 0x04, login: 0x10, preLogin: 0x12 } as const;

/** A message is one packet or more. */
export interface TdsPacket {
  readonly body: Buffer;
  readonly isLast: boolean;
}

const HEADER_BYTES = 8;
const END_OF_MESSAGE = 1;
const MAX_PACKET_BODY_BYTES = 4096 - HEADER_BYTES;

/** Reads the packets of a server ([MS-TDS] 2.2.3.1). */
export class TdsDecoder implements MessageDecoder<TdsPacket> {
  readonly #bytes = new ByteQueue();
  readonly #types: readonly number[];

  /** `types`: the kinds of packets that the server may send. */
  constructor(types: readonly number[] = [PACKET.response]) {
    this.#types = types;
  }

  get pendingBytes(): number {
    return this.#bytes.length;
  }

  push(bytes: Buffer): void {
    this.#bytes.push(bytes);
  }

  next(): TdsPacket | null {
    const [type] = this.#bytes.peek(1) ?? [];
    if (type === undefined) return null;
    if (!this.#types.includes(type)) throw decodeError("protocol_violation", `the answer is not SQL Server's protocol: it begins with the byte ${type}`);
    const header = this.#bytes.peek(HEADER_BYTES);
    if (header === null) return null;
    const length = header.readUInt16BE(2);
    if (length < HEADER_BYTES) throw decodeError("protocol_violation", `a packet of ${length} bytes`);
    const packet = this.#bytes.take(length);
    if (packet === null) return null;
    return { body: packet.subarray(HEADER_BYTES), isLast: ((packet[1] as number) & END_OF_MESSAGE) !== 0 };
  }
}

/** A message as packets of 4096 bytes, which is the size that the login asks for. */
export function encodeTds(type: number, body: Uint8Array): Buffer {
  const packets: Buffer[] = [];
  for (let at = 0, id = 1; at === 0 || at < body.length; at += MAX_PACKET_BODY_BYTES, id++) {
    const part = body.subarray(at, at + MAX_PACKET_BODY_BYTES);
    const header = Buffer.alloc(HEADER_BYTES);
    header[0] = type;
    header[1] = at + part.length >= body.length ? END_OF_MESSAGE : 0;
    header.writeUInt16BE(HEADER_BYTES + part.length, 2);
    header[6] = id & 0xff;
    packets.push(header, Buffer.from(part));
  }
  return Buffer.concat(packets);
}
