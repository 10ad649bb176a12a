import { decodeError } from "../transport/message-session.js";

/** Reads the parts of a message from front to back; its numbers are little-endian. */
export class TdsReader {
  #at = 0;

  constructor(readonly bytes: Buffer) {}

  get left(): number {
    return this.bytes.length - this.#at;
  }

  take(count: number): Buffer {
    if (count > this.left) throw decodeError("protocol_violation", "a message ends before its parts do");
    this.#at += count;
    return this.bytes.subarray(this.#at - count, this.#at);
  }

  uint8(): number {
    return this.take(1)[0] as number;
  }

  uint16(): number {
    return this.take(2).readUInt16LE(0);
  }

  uint32(): number {
    return this.take(4).readUInt32LE(0);
  }

  int32(): number {
    return this.take(4).readInt32LE(0);
  }

  /** B_VARCHAR: the number of characters in one byte. */
  text8(): string {
    return this.take(2 * this.uint8()).toString("utf16le");
  }

  /** US_VARCHAR: the number of characters in two bytes. */
  text16(): string {
    return this.take(2 * this.uint16()).toString("utf16le");
  }
}
