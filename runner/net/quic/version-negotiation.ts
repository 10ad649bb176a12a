import { randomBytes } from "node:crypto";

/** RFC 9000, section 14.1: servers drop smaller datagrams that begin a connection. */
const DATAGRAM_BYTES = 1200;
/** RFC 9000, section 15: a version of this form is reserved to make a server negotiate. */
const RESERVED_VERSION = 0x1a2a3a4a;
const LONG_HEADER = 0xc0;
const CONNECTION_ID_BYTES = 8;

export interface Hello {
  readonly datagram: Buffer;
  /** The versions that the server names; null for a datagram that does not answer this one. */
  read(answer: Buffer): number[] | null;
}

/** A datagram of a version that no server has: one that speaks QUIC answers with those it has (RFC 8999, section 6). Nothing is encrypted. */
export function newHello(): Hello {
  const [destination, source] = [randomBytes(CONNECTION_ID_BYTES), randomBytes(CONNECTION_ID_BYTES)];
  const head = Buffer.from([LONG_HEADER, 0, 0, 0, 0, CONNECTION_ID_BYTES, ...destination, CONNECTION_ID_BYTES, ...source]);
  head.writeUInt32BE(RESERVED_VERSION, 1);
  const datagram = Buffer.concat([head], DATAGRAM_BYTES);
  return { datagram, read: (answer) => versionsIn(answer, destination, source) };
}

/** The server swaps the connection ids. */
function versionsIn(answer: Buffer, destination: Buffer, source: Buffer): number[] | null {
  const own = Buffer.from([CONNECTION_ID_BYTES, ...source, CONNECTION_ID_BYTES, ...destination]);
  const start = 5 + own.length;
  if (answer.length < start + 4 || ((answer[0] as number) & 0x80) === 0 || answer.readUInt32BE(1) !== 0) return null;
  if (!answer.subarray(5, start).equals(own)) return null;
  return Array.from({ length: Math.min(32, Math.floor((answer.length - start) / 4)) }, (_, index) => answer.readUInt32BE(start + index * 4));
}

/** 1 is version 1 (RFC 9000), 0x6b3343cf version 2 (RFC 9369). */
export function versionName(version: number): string {
  if (version === 1) return "1";
  if (version === 0x6b3343cf) return "2";
  return version >>> 8 === 0xff0000 ? `draft-${version & 0xff}` : `0x${version.toString(16).padStart(8, "0")}`;
}

/** RFC 9000, section 15: of the form 0x?a?a?a?a, sent so that clients get used to unknown versions. */
export function isReserved(version: number): boolean {
  return (version & 0x0f0f0f0f) >>> 0 === 0x0a0a0a0a;
}
