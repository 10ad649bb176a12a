import { randomInt } from "node:crypto";
import { AUTHENTIC_DATA, DNSSEC_OK, decode, encode, type OptAnswer, RECURSION_DESIRED } from "dns-packet";
import { EXTENDED_ERROR, type ExtendedError, extendedErrorIn } from "./extended-error.js";
import { MAX_RECORDS, UDP_BYTES } from "./limits.js";
import { RCODES } from "./rcode.js";
import type { RecordType, WireRecord } from "./records.js";

export interface Question {
  /** As dnsName() gives it. */
  readonly name: string;
  readonly type: RecordType;
  /** Asks for signatures, too (DO, RFC 3225): some resolvers say only then whether they have validated. */
  readonly dnssec?: boolean;
}

/** A question as it goes over the wire, with the id that its reply must carry. */
export interface Query extends Question {
  readonly id: number;
  readonly bytes: Buffer;
}

export interface Reply {
  readonly rcode: number;
  readonly truncated: boolean;
  /** The server vouches for the data (RFC 4035, section 3.2.3). Worth as much as the way to the server. */
  readonly authenticated: boolean;
  readonly recursionAvailable: boolean;
  readonly answers: readonly WireRecord[];
  readonly authorities: readonly WireRecord[];
  readonly extendedErrors: readonly ExtendedError[];
}

/** `edns` off: for servers that take an OPT record for an error. */
export function buildQuery({ name, type, dnssec = false }: Question, { edns = true, id = randomInt(0x1_0000) } = {}): Query {
  const bytes = encode({
    type: "query",
    id,
    // AD in a query asks for AD in the reply (RFC 6840, section 5.7).
    flags: RECURSION_DESIRED | AUTHENTIC_DATA,
    questions: [{ name, type, class: "IN" }],
    additionals: edns ? [optRecord(dnssec)] : [],
  });
  return { name, type, id, bytes };
}

function optRecord(dnssec: boolean): OptAnswer {
  const flags = dnssec ? DNSSEC_OK : 0;
  return { type: "OPT", name: ".", udpPayloadSize: UDP_BYTES, extendedRcode: 0, ednsVersion: 0, flags, flag_do: dnssec, options: [] };
}

/**
 * The relation of a message to a query: its reply; an unreadable reply; or not its reply, so that waiting continues. The sender has been checked
 * before: sockets are connected to the server.
 */
export function readReply(message: Buffer, query: Query): Reply | "unreadable" | "foreign" {
  if (message.length < HEADER || message.readUInt16BE(0) !== query.id || !isResponse(message)) return "foreign";
  const rcode = (message[3] as number) & 0x0f;
  if (message.readUInt16BE(4) === 0 && EMPTY_RCODES.includes(rcode)) return { ...NOTHING, rcode };
  if (!asksTheSame(message, query)) return "foreign";
  // A truncated message may end in the middle of a record: what it holds is not looked at, for TCP brings all of it.
  if (isTruncated(message)) return { ...NOTHING, rcode, truncated: true };
  const end = endOfRecords(message);
  return end === null ? "unreadable" : decoded(message, end, rcode);
}

/** What servers that know nothing of EDNS send back: a header alone. */
const EMPTY_RCODES: readonly number[] = [RCODES.formatError, RCODES.notImplemented];
const NOTHING: Reply = { rcode: 0, truncated: false, authenticated: false, recursionAvailable: false, answers: [], authorities: [], extendedErrors: [] };
const HEADER = 12;

function isResponse(message: Buffer): boolean {
  const isReply = ((message[2] as number) & 0x80) !== 0;
  const operation = (message[2] as number) & 0x78;
  return isReply && operation === 0;
}

function isTruncated(message: Buffer): boolean {
  return ((message[2] as number) & 0x02) !== 0;
}

/** The question follows the header directly in both, uncompressed: its bytes are compared, in any case. */
function asksTheSame(message: Buffer, { bytes, name }: Query): boolean {
  const length = (name === "." ? 1 : name.length + 2) + 4;
  if (message.readUInt16BE(4) !== 1 || message.length < HEADER + length) return false;
  for (let index = HEADER; index < HEADER + length; index++) {
    const asked = bytes[index] as number;
    const echoed = message[index] as number;
    // A length is at most 63, and no letter; the query itself is in lower case.
    if (echoed !== asked && !(echoed >= 65 && echoed <= 90 && echoed + 32 === asked)) return false;
  }
  return true;
}

/**
 * Where the records end; null when one of them does not fit. dns-packet reads some types without a look at their length, so
 * that the records after such a one would be read from the wrong place.
 */
function endOfRecords(message: Buffer): number | null {
  const records = message.readUInt16BE(6) + message.readUInt16BE(8) + message.readUInt16BE(10);
  if (records > MAX_RECORDS) return null;
  let offset = endOfName(message, HEADER) + 4;
  for (let record = 0; record < records; record++) {
    const fixed = endOfName(message, offset);
    if (fixed + 10 > message.length) return null;
    const length = message.readUInt16BE(fixed + 8);
    const wanted = ADDRESS_BYTES[message.readUInt16BE(fixed)];
    if (wanted !== undefined && wanted !== length) return null;
    offset = fixed + 10 + length;
  }
  return offset <= message.length ? offset : null;
}

/** By type number: A and AAAA have one length only. */
const ADDRESS_BYTES: Readonly<Record<number, number>> = { 1: 4, 28: 16 };

function endOfName(message: Buffer, start: number): number {
  let offset = start;
  while (offset < message.length) {
    const length = message[offset] as number;
    if (length === 0) return offset + 1;
    if (length >= 0xc0) return offset + 2;
    offset += 1 + length;
  }
  return message.length;
}

function decoded(message: Buffer, end: number, rcode: number): Reply | "unreadable" {
  try {
    const packet = decode(message);
    if (decode.bytes !== end) return "unreadable";
    const options = packet.additionals?.find((record) => record.type === "OPT");
    return {
      // RFC 6891, section 6.1.3: the OPT record holds the upper bits.
      rcode: options?.type === "OPT" ? (options.extendedRcode << 4) | rcode : rcode,
      truncated: false,
      authenticated: packet.flag_ad,
      recursionAvailable: packet.flag_ra,
      answers: (packet.answers ?? []).filter(isRecord),
      authorities: (packet.authorities ?? []).filter(isRecord),
      extendedErrors: options?.type === "OPT" ? extendedErrorsIn(options) : [],
    };
  } catch {
    // dns-packet throws at names that overflow or point forwards.
    return "unreadable";
  }
}

/** dns-packet leaves the options that it does not know as bytes. */
function extendedErrorsIn({ options }: OptAnswer): ExtendedError[] {
  const found = (options as readonly { code: number | string; data?: unknown }[]).slice(0, MAX_ERRORS);
  return found.flatMap(({ code, data }) => (code === EXTENDED_ERROR && Buffer.isBuffer(data) ? extendedErrorIn(data) : []));
}

const MAX_ERRORS = 16;

function isRecord(record: { type: string }): record is WireRecord {
  return record.type !== "OPT";
}
