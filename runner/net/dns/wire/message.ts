import { RECORD_TYPES } from "../../../../schemas/dns-types.js";
import { EXTENDED_ERROR, type ExtendedError, extendedErrorIn } from "../extended-error.js";
import { MAX_RECORDS } from "../limits.js";
import { nameBytes, readName, WireError, type WireName } from "./name.js";
import { type RecordData, readData } from "./rdata.js";

export interface DnsRecord extends RecordData {
  readonly name: WireName;
  readonly type: number;
  readonly ttl: number;
}

export interface DnsMessage {
  readonly rcode: number;
  readonly flags: Readonly<Record<"aa" | "tc" | "rd" | "ra" | "ad" | "cd", boolean>>;
  readonly answers: readonly DnsRecord[];
  readonly authorities: readonly DnsRecord[];
  readonly additionals: readonly DnsRecord[];
  /** Null without an OPT record. */
  readonly edns: { readonly udpBytes: number; readonly dnssecOk: boolean; readonly errors: readonly ExtendedError[] } | null;
  readonly bytes: number;
}

export interface QueryOptions {
  readonly recursion: boolean;
  /** Asks for signatures (DO). */
  readonly dnssec: boolean;
  /** Asks a resolver for the data whether or not it validates (CD). */
  readonly checkingDisabled: boolean;
  /** The size of datagram to announce; null leaves EDNS out. */
  readonly ednsBytes: number | null;
}

const HEADER = 12;
const OPT = 41;
const INTERNET = 1;
/** Type and class, after the name. */
const QUESTION_FIXED = 4;
/** An OPT record without options. */
const OPT_BYTES = 11;

/** The bytes of one question. dns-packet is not used here: signatures cover bytes, which its decoder does not keep. */
export function writeQuery(id: number, name: WireName, type: number, { recursion, dnssec, checkingDisabled, ednsBytes }: QueryOptions): Buffer {
  const asked = nameBytes(name);
  const end = HEADER + asked.length + QUESTION_FIXED;
  const query = Buffer.alloc(end + (ednsBytes === null ? 0 : OPT_BYTES));
  query.writeUInt16BE(id, 0);
  // AD in a query asks for AD in the reply (RFC 6840, section 5.7).
  query.writeUInt16BE((recursion ? 0x0100 : 0) | 0x0020 | (checkingDisabled ? 0x0010 : 0), 2);
  query.writeUInt16BE(1, 4);
  asked.copy(query, HEADER);
  query.writeUInt16BE(type, end - 4);
  query.writeUInt16BE(INTERNET, end - 2);
  if (ednsBytes === null) return query;
  query.writeUInt16BE(1, 10);
  query.writeUInt16BE(OPT, end + 1);
  query.writeUInt16BE(ednsBytes, end + 3);
  query.writeUInt16BE(dnssec ? 0x8000 : 0, end + 7);
  return query;
}

/** Parses the reply to a query. `foreign`: another id, another query, or not a reply: waiting continues. */
export function readReplyTo(query: Buffer, message: Buffer): DnsMessage | "foreign" | "unreadable" {
  if (message.length < HEADER || message.readUInt16BE(0) !== query.readUInt16BE(0) || ((message[2] as number) & 0xf8) !== 0x80) return "foreign";
  try {
    if (!answersTo(query, message)) return "foreign";
    return readMessage(message);
  } catch (error) {
    if (error instanceof WireError) return "unreadable";
    throw error;
  }
}

/** Servers that do not know EDNS, or refuse, may send a header alone. */
function answersTo(query: Buffer, message: Buffer): boolean {
  if (message.readUInt16BE(4) === 0) return ((message[3] as number) & 0x0f) !== 0;
  if (message.readUInt16BE(4) !== 1) return false;
  const asked = readName(query, HEADER);
  const end = asked.end + QUESTION_FIXED;
  // Servers repeat the question as it was sent.
  if (message.length >= end && query.compare(message, HEADER, end, HEADER, end) === 0) return true;
  const answered = readName(message, HEADER);
  const isSameType = query.subarray(asked.end, end).equals(message.subarray(answered.end, answered.end + QUESTION_FIXED));
  return asked.name === answered.name && isSameType;
}

function readMessage(message: Buffer): DnsMessage {
  const bits = message.readUInt16BE(2);
  const flags = {
    aa: (bits & 0x400) !== 0,
    tc: (bits & 0x200) !== 0,
    rd: (bits & 0x100) !== 0,
    ra: (bits & 0x80) !== 0,
    ad: (bits & 0x20) !== 0,
    cd: (bits & 0x10) !== 0,
  };
  const empty = { answers: [], authorities: [], additionals: [], edns: null };
  // A truncated message may end in the middle of a record: it is not read, as TCP brings all of it.
  if (flags.tc) return { rcode: bits & 0x0f, flags, ...empty, bytes: message.length };
  const sections = readSections(message);
  const { edns, extended } = ednsOf(sections.opt);
  const { answers, authorities, additionals } = sections;
  return { rcode: (extended << 4) | (bits & 0x0f), flags, answers, authorities, additionals, edns, bytes: message.length };
}

interface RawOpt {
  readonly udpBytes: number;
  readonly ttl: number;
  readonly options: Buffer;
}

function readSections(message: Buffer): { answers: DnsRecord[]; authorities: DnsRecord[]; additionals: DnsRecord[]; opt: RawOpt | null } {
  const counts = [6, 8, 10].map((offset) => message.readUInt16BE(offset)) as [number, number, number];
  if (counts[0] + counts[1] + counts[2] > MAX_RECORDS) throw new WireError("too many records");
  let offset = message.readUInt16BE(4) === 0 ? HEADER : readName(message, HEADER).end + 4;
  let opt: RawOpt | null = null;
  const sections = counts.map((count) => {
    const records: DnsRecord[] = [];
    for (let index = 0; index < count; index++) {
      const { name, end } = readName(message, offset);
      if (end + 10 > message.length) throw new WireError("a record that ends too early");
      const [type, kind] = [message.readUInt16BE(end), message.readUInt16BE(end + 2)];
      const ttl = message.readUInt32BE(end + 4);
      const start = end + 10;
      offset = start + message.readUInt16BE(end + 8);
      if (offset > message.length) throw new WireError("a record that ends too early");
      if (type === OPT) opt = { udpBytes: kind, ttl, options: message.subarray(start, offset) };
      // RFC 2181, section 8: a time to live with its highest bit set is none.
      else if (kind === INTERNET) records.push({ name, type, ttl: ttl > 0x7fff_ffff ? 0 : ttl, ...readData(message, type, start, offset) });
    }
    return records;
  });
  return { answers: sections[0] ?? [], authorities: sections[1] ?? [], additionals: sections[2] ?? [], opt };
}

function ednsOf(opt: RawOpt | null): { edns: DnsMessage["edns"]; extended: number } {
  if (opt === null) return { edns: null, extended: 0 };
  const errors: ExtendedError[] = [];
  for (let offset = 0; offset + 4 <= opt.options.length; ) {
    const code = opt.options.readUInt16BE(offset);
    const value = opt.options.subarray(offset + 4, offset + 4 + opt.options.readUInt16BE(offset + 2));
    if (code === EXTENDED_ERROR) errors.push(...extendedErrorIn(value));
    offset += 4 + opt.options.readUInt16BE(offset + 2);
  }
  return { edns: { udpBytes: opt.udpBytes, dnssecOk: (opt.ttl & 0x8000) !== 0, errors }, extended: opt.ttl >>> 24 };
}

export const TYPES = RECORD_TYPES;
