import { isAscii, isUtf8 } from "node:buffer";

/** Where a message has bytes beyond ASCII. */
export interface EightBit {
  /** utf8: only servers with SMTPUTF8 take it (RFC 6532; RFC 6531, section 3.4). other: it is not UTF-8, so no standard allows it. */
  readonly header: "ascii" | "utf8" | "other";
  /** Only servers with 8BITMIME take it (RFC 6152). */
  readonly body: boolean;
}

/** Null for a message in ASCII. */
export function eightBitOf(message: Uint8Array): EightBit | null {
  if (isAscii(message)) return null;
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
  const end = headerBytes(bytes);
  const header = bytes.subarray(0, end);
  return { header: isAscii(header) ? "ascii" : isUtf8(header) ? "utf8" : "other", body: !isAscii(bytes.subarray(end)) };
}

/** The header ends at the first empty line; without one the message is all header. */
function headerBytes(bytes: Buffer): number {
  if (EMPTY_FIRST_LINE.test(bytes.toString("latin1", 0, 2))) return 0;
  const ends = ["\n\r\n", "\n\n"].map((end) => bytes.indexOf(end, 0, "latin1")).filter((at) => at !== -1);
  return ends.length === 0 ? bytes.length : Math.min(...ends);
}

const EMPTY_FIRST_LINE = /^\r?\n/;
