import { type DnsRecord, TYPES } from "../wire/message.js";
import { readName, type WireName } from "../wire/name.js";
import { base32Hex, typesIn } from "../wire/rdata.js";

/** The records of DNSSEC, read from their canonical bytes. The reader of messages has checked their lengths up to their last field. */

export interface Signature {
  readonly record: DnsRecord;
  readonly covered: number;
  readonly algorithm: number;
  readonly labels: number;
  readonly originalTtl: number;
  readonly expiration: number;
  readonly inception: number;
  readonly keyTag: number;
  readonly signer: WireName;
  /** What comes before the signature itself: it is signed, too (RFC 4034, section 3.1.8.1). */
  readonly head: Buffer;
  readonly signature: Buffer;
}

function signatureOf(record: DnsRecord): Signature {
  const { bytes } = record;
  const { name: signer, end } = readName(bytes, 18);
  return {
    record,
    covered: bytes.readUInt16BE(0),
    algorithm: bytes[2] as number,
    labels: bytes[3] as number,
    originalTtl: bytes.readUInt32BE(4),
    expiration: bytes.readUInt32BE(8),
    inception: bytes.readUInt32BE(12),
    keyTag: bytes.readUInt16BE(16),
    signer,
    head: bytes.subarray(0, end),
    signature: bytes.subarray(end),
  };
}

export interface Key {
  readonly name: WireName;
  readonly flags: number;
  readonly protocol: number;
  readonly algorithm: number;
  readonly publicKey: Buffer;
  readonly tag: number;
  readonly bytes: Buffer;
}

export function keyOf({ name, bytes }: Pick<DnsRecord, "name" | "bytes">): Key {
  return {
    name,
    flags: bytes.readUInt16BE(0),
    protocol: bytes[2] as number,
    algorithm: bytes[3] as number,
    publicKey: bytes.subarray(4),
    tag: keyTag(bytes),
    bytes,
  };
}

/** RFC 4034, appendix B. */
function keyTag(bytes: Buffer): number {
  let sum = 0;
  for (let index = 0; index < bytes.length; index++) sum += index % 2 === 0 ? (bytes[index] as number) << 8 : (bytes[index] as number);
  return (sum + ((sum >>> 16) & 0xffff)) & 0xffff;
}

/** A zone key that is not revoked (RFC 4034, section 2.1.1; RFC 5011, section 2.1). */
export function isZoneKey({ flags, protocol }: Key): boolean {
  return (flags & 0x0100) !== 0 && (flags & 0x0080) === 0 && protocol === 3;
}

export interface DelegationSigner {
  readonly keyTag: number;
  readonly algorithm: number;
  readonly digestType: number;
  readonly digest: Buffer;
}

export function delegationOf({ bytes }: Pick<DnsRecord, "bytes">): DelegationSigner {
  return { keyTag: bytes.readUInt16BE(0), algorithm: bytes[2] as number, digestType: bytes[3] as number, digest: bytes.subarray(4) };
}

export interface Nsec {
  readonly owner: WireName;
  readonly next: WireName;
  readonly types: readonly number[];
}

export function nsecOf({ name, bytes }: DnsRecord): Nsec {
  const { name: next, end } = readName(bytes, 0);
  return { owner: name, next, types: typesIn(bytes.subarray(end)) };
}

export interface Nsec3 {
  /** The first label of the owner: a hash, in base32hex. */
  readonly hash: string;
  readonly zone: WireName;
  readonly algorithm: number;
  readonly optOut: boolean;
  readonly iterations: number;
  readonly salt: Buffer;
  readonly next: string;
  readonly types: readonly number[];
}

export function nsec3Of({ name, bytes }: DnsRecord): Nsec3 {
  const saltEnd = 5 + (bytes[4] as number);
  const nextEnd = saltEnd + 1 + (bytes[saltEnd] as number);
  const dot = name.indexOf(".");
  return {
    hash: dot < 0 ? name : name.slice(0, dot),
    zone: dot < 0 ? "." : name.slice(dot + 1),
    algorithm: bytes[0] as number,
    optOut: ((bytes[1] as number) & 1) !== 0,
    iterations: bytes.readUInt16BE(2),
    salt: bytes.subarray(5, saltEnd),
    next: base32Hex(bytes.subarray(saltEnd + 1, nextEnd)),
    types: typesIn(bytes.subarray(nextEnd)),
  };
}

/** All records of one name and type, with the signatures that cover them. */
export interface RecordSet {
  readonly name: WireName;
  readonly type: number;
  readonly records: readonly DnsRecord[];
  readonly signatures: readonly Signature[];
}

/** The sets of a section, without its signatures. */
export function setsOf(records: readonly DnsRecord[]): RecordSet[] {
  const sets = new Map<string, { name: WireName; type: number; records: DnsRecord[]; signatures: Signature[] }>();
  for (const record of records.filter(({ type }) => type !== TYPES.RRSIG)) {
    const key = `${record.type} ${record.name}`;
    const set = sets.get(key) ?? { name: record.name, type: record.type, records: [], signatures: [] };
    // A record that is there twice counts once (RFC 2181, section 5).
    if (!set.records.some(({ bytes }) => bytes.equals(record.bytes))) set.records.push(record);
    sets.set(key, set);
  }
  for (const record of records.filter(({ type }) => type === TYPES.RRSIG)) {
    const signature = signatureOf(record);
    sets.get(`${signature.covered} ${record.name}`)?.signatures.push(signature);
  }
  return [...sets.values()];
}
