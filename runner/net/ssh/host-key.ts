import { createHash, createPublicKey, type KeyObject, verify } from "node:crypto";
import { bits as bitString, integer, objectIdentifier, sequence, unsignedInteger } from "../../asn1/encode-der.js";
import { mpint, WireReader } from "./wire.js";

export interface HostKey {
  /** The type of the key itself, as ssh-rsa. */
  readonly type: string;
  readonly bits: number | null;
  /** As OpenSSH writes it: SHA256:… */
  readonly sha256: string;
}

/** The algorithms whose signatures are checked here, and what they sign with. */
const SIGNATURES: Readonly<Record<string, { readonly key: string; readonly hash: string | null }>> = {
  "ssh-ed25519": { key: "ssh-ed25519", hash: null },
  "ecdsa-sha2-nistp256": { key: "ecdsa-sha2-nistp256", hash: "sha256" },
  "ecdsa-sha2-nistp384": { key: "ecdsa-sha2-nistp384", hash: "sha384" },
  "ecdsa-sha2-nistp521": { key: "ecdsa-sha2-nistp521", hash: "sha512" },
  "rsa-sha2-512": { key: "ssh-rsa", hash: "sha512" },
  "rsa-sha2-256": { key: "ssh-rsa", hash: "sha256" },
  "ssh-rsa": { key: "ssh-rsa", hash: "sha1" },
  "ssh-dss": { key: "ssh-dss", hash: "sha1" },
};
export const HOST_KEY_ALGORITHMS = Object.keys(SIGNATURES) as [string, ...string[]];

/** The type of the key that an algorithm signs with: several sign with one RSA key. */
export function keyTypeOf(algorithm: string): string | null {
  return SIGNATURES[algorithm]?.key ?? null;
}

const CURVES: Readonly<Record<string, { readonly oid: string; readonly bits: number }>> = {
  nistp256: { oid: "1.2.840.10045.3.1.7", bits: 256 },
  nistp384: { oid: "1.3.132.0.34", bits: 384 },
  nistp521: { oid: "1.3.132.0.35", bits: 521 },
};

/** Of a SHA-256 in base64 without its padding. */
const SHA256_CHARACTERS = 43;

export function describeHostKey(blob: Buffer): HostKey {
  const type = new WireReader(blob).text();
  const sha256 = `SHA256:${createHash("sha256").update(blob).digest("base64").slice(0, SHA256_CHARACTERS)}`;
  return { type, bits: bitsOf(type, blob), sha256 };
}

function bitsOf(type: string, blob: Buffer): number | null {
  const reader = new WireReader(blob);
  reader.string();
  if (type === "ssh-ed25519") return 256;
  if (type.startsWith("ecdsa-sha2-")) return CURVES[reader.text()]?.bits ?? null;
  if (type === "ssh-rsa") {
    reader.string();
    return bitLength(reader.string());
  }
  return type === "ssh-dss" ? bitLength(reader.string()) : null;
}

function bitLength(number: Buffer): number {
  const shortest = mpint(number).subarray(4);
  const first = shortest[0] ?? 0;
  const rest = first === 0 ? shortest.subarray(1) : shortest;
  return rest.length === 0 ? 0 : (rest.length - 1) * 8 + (32 - Math.clz32(rest[0] as number));
}

/** Whether the server has the private key of what it showed: its signature over the exchange is right. Null for an algorithm that is not checked here. */
export function isSignedBy(blob: Buffer, algorithm: string, signature: Buffer, signed: Buffer): boolean | null {
  const known = SIGNATURES[algorithm];
  if (known === undefined) return null;
  const reader = new WireReader(signature);
  const [name, bytes] = [reader.text(), reader.string()];
  const type = new WireReader(blob).text();
  if (name !== algorithm || type !== known.key) return false;
  try {
    const key = publicKeyOf(type, blob);
    if (type.startsWith("ecdsa-")) return verify(known.hash, signed, key, ecdsaSignature(bytes));
    // RFC 4253, section 6.6: two numbers of 160 bits without any header.
    if (type === "ssh-dss") return verify(known.hash, signed, { key, dsaEncoding: "ieee-p1363" }, bytes);
    return verify(known.hash, signed, key, bytes);
  } catch {
    // OpenSSL refuses a key or a signature that cannot be one.
    return false;
  }
}

function publicKeyOf(type: string, blob: Buffer): KeyObject {
  const reader = new WireReader(blob);
  reader.string();
  return createPublicKey({ key: spkiOf(type, reader), format: "der", type: "spki" });
}

/** RFC 5280 and RFC 8410: the same key as certificates hold it. */
function spkiOf(type: string, reader: WireReader): Buffer {
  if (type === "ssh-ed25519") return sequence(sequence(objectIdentifier("1.3.101.112")), bitString(reader.string()));
  if (type === "ssh-rsa") {
    const [exponent, modulus] = [reader.string(), reader.string()];
    const rsa = sequence(objectIdentifier("1.2.840.113549.1.1.1"), Buffer.from([5, 0]));
    return sequence(rsa, bitString(sequence(unsignedInteger(unsigned(modulus)), unsignedInteger(unsigned(exponent)))));
  }
  if (type === "ssh-dss") {
    const [p, q, g, y] = [reader.string(), reader.string(), reader.string(), reader.string()].map((number) => unsignedInteger(unsigned(number)));
    return sequence(sequence(objectIdentifier("1.2.840.10040.4.1"), sequence(p as Buffer, q as Buffer, g as Buffer)), bitString(y as Buffer));
  }
  const curve = CURVES[reader.text()];
  if (curve === undefined) throw new Error("an unknown curve");
  return sequence(sequence(objectIdentifier("1.2.840.10045.2.1"), objectIdentifier(curve.oid)), bitString(reader.string()));
}

function unsigned(number: Buffer): Buffer {
  return number[0] === 0 ? number.subarray(1) : number;
}

/** RFC 5656, section 3.1.2: two mpints, where X.509 has a SEQUENCE of two INTEGERs. */
function ecdsaSignature(bytes: Buffer): Buffer {
  const reader = new WireReader(bytes);
  const [r, s] = [reader.string(), reader.string()];
  const asInteger = (number: Buffer): Buffer => (number.length === 0 ? integer(0) : unsignedInteger(unsigned(number)));
  return sequence(asInteger(r), asInteger(s));
}
