import { isUtf8 } from "node:buffer";
import { type FailureError, failureError } from "../../run/failure-error.js";

/** MQTT 3.1.1, section 2.2.1, and MQTT 5. */
export const PACKET = {
  connect: 1,
  connack: 2,
  publish: 3,
  puback: 4,
  pubrec: 5,
  pubrel: 6,
  pubcomp: 7,
  subscribe: 8,
  suback: 9,
  pingreq: 12,
  pingresp: 13,
  disconnect: 14,
} as const;

/** A longer packet is not read; with version 5, the server is informed. */
export const MAX_PACKET_BYTES = 256 * 1024;
const MAX_LENGTH_BYTES = 4;

export interface Packet {
  readonly type: number;
  readonly flags: number;
  readonly body: Buffer;
}

export function encodePacket(type: number, flags: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([(type << 4) | flags]), variableInteger(body.length), body]);
}

export function variableInteger(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? low | 0x80 : low);
  } while (rest > 0);
  return Buffer.from(bytes);
}

export function text(value: string): Buffer {
  return binary(Buffer.from(value));
}

export function binary(value: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(value.length);
  return Buffer.concat([length, value]);
}

export function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Cuts what a server sends into packets. */
export class PacketReader {
  #chunks: Buffer[] = [];
  #bytes = 0;
  /** Nothing is joined before the next packet is complete. */
  #needed = 2;

  push(bytes: Buffer): Packet[] {
    this.#chunks.push(bytes);
    this.#bytes += bytes.length;
    if (this.#bytes < this.#needed) return [];
    let pending = Buffer.concat(this.#chunks);
    const packets: Packet[] = [];
    for (let packet = this.#next(pending); packet !== null; packet = this.#next(pending)) {
      packets.push(packet.packet);
      pending = pending.subarray(packet.end);
    }
    this.#chunks = [pending];
    this.#bytes = pending.length;
    return packets;
  }

  #next(pending: Buffer): { packet: Packet; end: number } | null {
    this.#needed = 2;
    if (pending.length < 2) return null;
    const length = lengthAt(pending, 1);
    if (length === null) {
      this.#needed = pending.length + 1;
      return null;
    }
    const end = length.end + length.value;
    if (length.value > MAX_PACKET_BYTES) throw failureError("command", "limit_exceeded", `a packet of ${length.value} bytes: the limit is ${MAX_PACKET_BYTES}`);
    this.#needed = end;
    if (pending.length < end) return null;
    const first = pending[0] as number;
    return { packet: { type: first >> 4, flags: first & 0x0f, body: pending.subarray(length.end, end) }, end };
  }
}

/** Null while it is not complete. */
function lengthAt(bytes: Buffer, start: number): { value: number; end: number } | null {
  let value = 0;
  for (let index = 0; index < MAX_LENGTH_BYTES; index++) {
    const byte = bytes[start + index];
    if (byte === undefined) return null;
    value += (byte & 0x7f) * 128 ** index;
    if (byte < 0x80) return { value, end: start + index + 1 };
  }
  throw violation("the length of a packet takes more than four bytes");
}

/** Reads the body of one packet from front to back. */
export class BodyReader {
  #at = 0;

  constructor(readonly bytes: Buffer) {}

  get rest(): Buffer {
    return this.bytes.subarray(this.#at);
  }

  byte(): number {
    return this.take(1)[0] as number;
  }

  uint16(): number {
    return this.take(2).readUInt16BE(0);
  }

  text(): string {
    const bytes = this.take(this.uint16());
    if (!isUtf8(bytes)) throw violation("a text is not UTF-8");
    return bytes.toString("utf8");
  }

  variableInteger(): number {
    const found = lengthAt(this.bytes, this.#at);
    if (found === null) throw violation("a packet ends before its fields do");
    this.#at = found.end;
    return found.value;
  }

  take(length: number): Buffer {
    if (this.#at + length > this.bytes.length) throw violation("a packet ends before its fields do");
    this.#at += length;
    return this.bytes.subarray(this.#at - length, this.#at);
  }
}

export function violation(message: string): FailureError {
  return failureError("command", "protocol_violation", message);
}
