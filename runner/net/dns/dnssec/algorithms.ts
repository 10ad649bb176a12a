import { createHash, createPublicKey, type KeyObject, verify } from "node:crypto";
import { nameBytes } from "../wire/name.js";
import type { DelegationSigner, Key } from "./records.js";

/** Algorithms that are verified (IANA, "DNSSEC algorithm numbers"). A zone with others only is insecure (RFC 4035, section 5.2). */
const ALGORITHM_NAMES: Readonly<Record<number, string>> = {
  8: "RSASHA256",
  10: "RSASHA512",
  13: "ECDSAP256SHA256",
  14: "ECDSAP384SHA384",
  15: "ED25519",
  16: "ED448",
};

export function isSupported(algorithm: number): boolean {
  return Object.hasOwn(ALGORITHM_NAMES, algorithm);
}

const DIGESTS: Readonly<Record<number, string>> = { 1: "sha1", 2: "sha256", 4: "sha384" };

export function isSupportedDigest(type: number): boolean {
  return Object.hasOwn(DIGESTS, type);
}

/** RFC 4034, section 5.1.4. */
export function matchesKey({ keyTag, algorithm, digestType, digest }: DelegationSigner, key: Key): boolean {
  const name = DIGESTS[digestType];
  if (name === undefined || keyTag !== key.tag || algorithm !== key.algorithm) return false;
  return createHash(name).update(nameBytes(key.name)).update(key.bytes).digest().equals(digest);
}

export function isSignedBy(data: Buffer, signature: Buffer, key: Key): boolean {
  try {
    const hash = { 8: "sha256", 10: "sha512", 13: "sha256", 14: "sha384" }[key.algorithm] ?? null;
    return verify(hash, data, { key: keyObject(key), dsaEncoding: "ieee-p1363" }, signature);
  } catch {
    // A key that is none signs nothing.
    return false;
  }
}

function keyObject({ algorithm, publicKey }: Key): KeyObject {
  if (algorithm === 8 || algorithm === 10) return createPublicKey({ key: { kty: "RSA", ...rsaNumbers(publicKey) }, format: "jwk" });
  const half = publicKey.length / 2;
  const [x, y] = [publicKey.subarray(0, half), publicKey.subarray(half)].map((part) => part.toString("base64url")) as [string, string];
  const edwards = { 15: "Ed25519", 16: "Ed448" }[algorithm];
  if (edwards !== undefined) return createPublicKey({ key: { kty: "OKP", crv: edwards, x: publicKey.toString("base64url") }, format: "jwk" });
  return createPublicKey({ key: { kty: "EC", crv: algorithm === 13 ? "P-256" : "P-384", x, y }, format: "jwk" });
}

/** RFC 3110, section 2. An exponent of more than four bytes would make verification slow. */
function rsaNumbers(bytes: Buffer): { e: string; n: string } {
  const isShort = bytes[0] !== 0;
  const length = isShort ? (bytes[0] as number) : bytes.readUInt16BE(1);
  const start = isShort ? 1 : 3;
  const modulus = bytes.subarray(start + length);
  if (length > 4 || modulus.length > 512 || modulus.length < 64) throw new RangeError("an RSA key of a size that is not verified");
  return { e: bytes.subarray(start, start + length).toString("base64url"), n: modulus.toString("base64url") };
}
