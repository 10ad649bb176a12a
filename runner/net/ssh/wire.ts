import { failureError } from "../../run/failure-error.js";

/** RFC 4251, section 5: the types of data that messages are made of. */

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function string(content: Uint8Array | string): Buffer {
  const bytes = Buffer.from(content as Uint8Array);
  return Buffer.concat([uint32(bytes.length), bytes]);
}

/** A number that is not negative, given as its bytes. */
export function mpint(bytes: Buffer): Buffer {
  let start = 0;
  while (start < bytes.length && bytes[start] === 0) start += 1;
  const shortest = bytes.subarray(start);
  return string((shortest[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), shortest]) : shortest);
}

/** Reads one message from front to back. */
export class WireReader {
  #at = 0;

  constructor(readonly bytes: Buffer) {}

  byte(): number {
    return this.#take(1)[0] as number;
  }

  uint32(): number {
    return this.#take(4).readUInt32BE(0);
  }

  string(): Buffer {
    return this.#take(this.uint32());
  }

  text(): string {
    return this.string().toString("latin1");
  }

  nameList(): string[] {
    const text = this.text();
    return text === "" ? [] : text.split(",");
  }

  skip(bytes: number): void {
    this.#take(bytes);
  }

  #take(length: number): Buffer {
    if (this.#at + length > this.bytes.length) throw failureError("key_exchange", "protocol_violation", "a message ends before its fields do");
    this.#at += length;
    return this.bytes.subarray(this.#at - length, this.#at);
  }
}
