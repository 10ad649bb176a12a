import { createHash } from "node:crypto";
import { isWithin } from "../name.js";
import { TYPES } from "../wire/message.js";
import { compareNames, labelsOf, nameBytes, nameOf, parentOf, type WireName } from "../wire/name.js";
import { base32Hex } from "../wire/rdata.js";
import { MAX_HASHES, MAX_ITERATIONS } from "./limits.js";
import type { Nsec, Nsec3 } from "./records.js";
import type { Work } from "./verify.js";

/** The verified records of a zone that say what it does not hold. */
export interface Denials {
  readonly zone: WireName;
  readonly nsec: readonly Nsec[];
  readonly nsec3: readonly Nsec3[];
}

/** insecure: an opt-out span, or NSEC3 with too many iterations: nothing is known for certain, and nothing is forged. */
export type Proof = "proven" | "insecure" | "missing";

/** That a name exists without this type. */
export function proveNoData(denials: Denials, name: WireName, type: number, work: Work): Proof {
  const hasNot = (types: readonly number[]): boolean => !types.includes(type) && !types.includes(TYPES.CNAME) && isOfThisSide(types, type);
  const own = denials.nsec.find(({ owner }) => owner === name);
  if (own !== undefined) return hasNot(own.types) ? "proven" : "missing";
  // A name without records that others lie below: the record before it leads below it.
  if (denials.nsec.some((each) => covers(each, name) && isWithin(each.next, name))) return "proven";
  return isDeniedByWildcard(denials, name, hasNot) ? "proven" : proveNoData3(denials, name, type, hasNot, work);
}

/** RFC 6840, section 4.1: the record of a delegation says nothing about the child's data, and a zone's own top nothing about its DS. */
function isOfThisSide(types: readonly number[], type: number): boolean {
  const isTop = types.includes(TYPES.SOA);
  if (type === TYPES.DS) return !isTop;
  return isTop || !types.includes(TYPES.NS);
}

function isDeniedByWildcard({ nsec, zone }: Denials, name: WireName, hasNot: (types: readonly number[]) => boolean): boolean {
  const cover = nsec.find((each) => covers(each, name));
  if (cover === undefined) return false;
  const star = wildcardBelow(closestEncloser(cover, name, zone));
  return nsec.some(({ owner, types }) => owner === star && hasNot(types));
}

/** That neither the name nor a wildcard for it exists. In an opt-out span it may, as an unsigned delegation (RFC 5155, section 9.2). */
export function proveNoName(denials: Denials, name: WireName, work: Work): Proof {
  const cover = denials.nsec.find((each) => covers(each, name) && !isWithin(each.next, name));
  if (cover !== undefined) {
    const star = wildcardBelow(closestEncloser(cover, name, denials.zone));
    return denials.nsec.some((each) => covers(each, star)) ? "proven" : "missing";
  }
  const hashed = hasher(denials, work);
  if (hashed === null) return withoutHashes(denials);
  const encloser = provenEncloser(denials, name, hashed);
  if (encloser === null) return "missing";
  return findCover(denials, hashed(wildcardBelow(encloser.name))) === null ? "missing" : provenBy(encloser.nextCloser);
}

/** For what a wildcard made: that the name itself, below the wildcard's parent, does not exist (RFC 4035, section 5.3.4). */
export function proveWildcard(denials: Denials, name: WireName, parent: WireName, work: Work): Proof {
  if (denials.nsec.some((each) => covers(each, name))) return "proven";
  const hashed = hasher(denials, work);
  if (hashed === null) return withoutHashes(denials);
  const nextCloser = nameOf(labelsOf(name).slice(-(labelsOf(parent).length + 1)));
  const cover = findCover(denials, hashed(nextCloser));
  if (cover === null) return "missing";
  return provenBy(cover);
}

function provenBy({ optOut }: Nsec3): Proof {
  return optOut ? "insecure" : "proven";
}

function proveNoData3(denials: Denials, name: WireName, type: number, hasNot: (types: readonly number[]) => boolean, work: Work): Proof {
  const hashed = hasher(denials, work);
  if (hashed === null) return withoutHashes(denials);
  const own = findMatch(denials, hashed(name));
  if (own !== null) return hasNot(own.types) ? "proven" : "missing";
  const encloser = provenEncloser(denials, name, hashed);
  if (encloser === null) return "missing";
  const covered = provenBy(encloser.nextCloser);
  // RFC 5155, section 8.6: a delegation in an opt-out span may have no record of its own, and what lies below it is not signed.
  if (type === TYPES.DS && covered === "insecure") return covered;
  const star = findMatch(denials, hashed(wildcardBelow(encloser.name)));
  // A name that has only such delegations below it has no record either.
  if (star === null) return covered === "insecure" ? covered : "missing";
  return hasNot(star.types) ? covered : "missing";
}

type Hash = (name: WireName) => string;

interface Encloser {
  readonly name: WireName;
  readonly nextCloser: Nsec3;
}

/** RFC 5155, section 8.3: the longest ancestor that exists, while the name one label longer does not. */
function provenEncloser(denials: Denials, name: WireName, hashed: Hash): Encloser | null {
  const labels = labelsOf(name);
  const fewest = labelsOf(denials.zone).length;
  let previous = hashed(name);
  for (let count = labels.length - 1; count >= fewest; count--) {
    const candidate = nameOf(labels.slice(labels.length - count));
    const hash = hashed(candidate);
    const match = findMatch(denials, hash);
    if (match !== null) {
      const nextCloser = findCover(denials, previous);
      return nextCloser === null || endsAbove(match.types) ? null : { name: candidate, nextCloser };
    }
    previous = hash;
  }
  return null;
}

/** What lies below a delegation or a DNAME is not of this zone. */
function endsAbove(types: readonly number[]): boolean {
  return (types.includes(TYPES.NS) && !types.includes(TYPES.SOA)) || types.includes(TYPES.DNAME);
}

function findMatch({ nsec3 }: Denials, hash: string): Nsec3 | null {
  return nsec3.find((each) => each.hash === hash) ?? null;
}

function findCover({ nsec3 }: Denials, hash: string): Nsec3 | null {
  return hash === "" ? null : (nsec3.find((each) => isBetween(each.hash, hash, each.next)) ?? null);
}

/** Base32hex keeps the order of bytes. The last record of a zone leads back to the first. */
function isBetween(from: string, hash: string, to: string): boolean {
  return from < to ? from < hash && hash < to : from < hash || hash < to;
}

/** Null if no NSEC3 record can be used. All records of an answer share their parameters (RFC 5155, section 8.2). */
function hasher({ nsec3, zone }: Denials, work: Work): Hash | null {
  const [first] = nsec3;
  if (first === undefined || first.algorithm !== 1 || first.iterations > MAX_ITERATIONS) return null;
  if (nsec3.some(({ iterations, salt, zone: own }) => iterations !== first.iterations || !salt.equals(first.salt) || own !== zone)) return null;
  const known = new Map<WireName, string>();
  return (name) => {
    const before = known.get(name);
    if (before !== undefined) return before;
    if (work.hashes >= MAX_HASHES) return "";
    work.hashes += 1;
    const hash = hashOf(name, first);
    known.set(name, hash);
    return hash;
  };
}

/** RFC 5155, section 5. */
function hashOf(name: WireName, { iterations, salt }: Nsec3): string {
  let digest = createHash("sha1").update(nameBytes(name)).update(salt).digest();
  for (let iteration = 0; iteration < iterations; iteration++) digest = createHash("sha1").update(digest).update(salt).digest();
  return base32Hex(digest);
}

/** RFC 9276, section 3.2: what would cost too much is not proof, and no forgery either. */
function withoutHashes({ nsec3 }: Denials): Proof {
  return nsec3.some(({ iterations, algorithm }) => iterations > MAX_ITERATIONS || algorithm !== 1) ? "insecure" : "missing";
}

/** The name lies between the record's owner and the next one. */
function covers({ owner, next, types }: Nsec, name: WireName): boolean {
  if (owner !== name && endsAbove(types) && isWithin(name, owner)) return false;
  if (compareNames(owner, name) >= 0) return false;
  // The zone's last record leads back to its top.
  return compareNames(owner, next) < 0 ? compareNames(name, next) < 0 : isWithin(name, next);
}

/** The longest ancestor that one end of the gap shares with the name. */
function closestEncloser({ owner, next }: Nsec, name: WireName, zone: WireName): WireName {
  for (let candidate = parentOf(name); candidate !== "."; candidate = parentOf(candidate))
    if (isWithin(owner, candidate) || isWithin(next, candidate) || candidate === zone) return candidate;
  return ".";
}

function wildcardBelow(name: WireName): WireName {
  return name === "." ? "*" : `*.${name}`;
}
