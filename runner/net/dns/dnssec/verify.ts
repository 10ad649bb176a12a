import { labelsOf, nameBytes, nameOf, type WireName } from "../wire/name.js";
import { isSignedBy, isSupported } from "./algorithms.js";
import { MAX_KEYS_OF_A_TAG, MAX_SIGNATURES_OF_A_SET, MAX_VERIFICATIONS } from "./limits.js";
import type { Key, RecordSet, Signature } from "./records.js";

/** What a verdict has cost so far. */
export interface Work {
  verifications: number;
  hashes: number;
}

/** A set that a key of its zone has signed. */
export interface Verified {
  readonly signature: Signature;
  /** For a set that a wildcard made: the wildcard's parent, below which the name must be shown not to exist. */
  readonly wildcardParent: WireName | null;
}

/** Looks for one good signature (RFC 4035, section 5.3). A text says why there is none. */
export function verifySet(set: RecordSet, keys: readonly Key[], zone: WireName, nowS: number, work: Work): Verified | string {
  const candidates = set.signatures.filter(({ signer, algorithm }) => signer === zone && isSupported(algorithm));
  if (candidates.length === 0) return set.signatures.length === 0 ? "it is not signed" : `no signature is by ${zone} with a known algorithm`;
  let reason = "";
  for (const signature of candidates.slice(0, MAX_SIGNATURES_OF_A_SET)) {
    const fault = timeFault(signature, nowS) ?? labelFault(set, signature) ?? keyFault(set, signature, keys, work);
    if (fault === null) return { signature, wildcardParent: wildcardParentOf(set, signature) };
    reason = fault;
  }
  return reason;
}

/** Serial arithmetic (RFC 4034, section 3.1.5). */
function timeFault({ inception, expiration }: Signature, nowS: number): string | null {
  const since = (from: number, to: number): number => (to - from) | 0;
  if (since(nowS, expiration) < 0) return `the signature expired on ${shown(expiration)}`;
  return since(inception, nowS) < 0 ? `the signature is not valid before ${shown(inception)}` : null;
}

function shown(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
}

function labelFault({ name }: RecordSet, { labels }: Signature): string | null {
  return labels > ownLabels(name) ? "the signature counts more labels than the name has" : null;
}

/** A wildcard's own label is not counted (RFC 4034, section 3.1.3). */
function ownLabels(name: WireName): number {
  const labels = labelsOf(name);
  return labels[0] === "*" ? labels.length - 1 : labels.length;
}

function wildcardParentOf({ name }: RecordSet, { labels }: Signature): WireName | null {
  return labels < ownLabels(name) ? nameOf(labels === 0 ? [] : labelsOf(name).slice(-labels)) : null;
}

function keyFault(set: RecordSet, signature: Signature, keys: readonly Key[], work: Work): string | null {
  const matching = keys.filter(({ tag, algorithm }) => tag === signature.keyTag && algorithm === signature.algorithm);
  if (matching.length === 0) return `there is no key ${signature.keyTag} of the signature`;
  const data = signedData(set, signature);
  for (const key of matching.slice(0, MAX_KEYS_OF_A_TAG)) {
    if (work.verifications >= MAX_VERIFICATIONS) return "more signatures than are verified for one question";
    work.verifications += 1;
    if (isSignedBy(data, signature.signature, key)) return null;
  }
  return "the signature does not fit the data";
}

/** RFC 4034, section 3.1.8.1: the signature's head, then the records in canonical order and form. */
function signedData({ name, type, records }: RecordSet, { head, labels, originalTtl }: Signature): Buffer {
  const owner = nameBytes(labels < ownLabels(name) ? nameOf(["*", ...(labels === 0 ? [] : labelsOf(name).slice(-labels))]) : name);
  const fixed = Buffer.alloc(8);
  fixed.writeUInt16BE(type, 0);
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt32BE(originalTtl, 4);
  const sorted = records.map(({ bytes }) => bytes).sort(Buffer.compare);
  return Buffer.concat([head, ...sorted.flatMap((bytes) => [owner, fixed, lengthOf(bytes), bytes])]);
}

function lengthOf(bytes: Buffer): Buffer {
  return Buffer.of(bytes.length >> 8, bytes.length & 0xff);
}
