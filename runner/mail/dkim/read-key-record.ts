import { createPublicKey, type KeyObject } from "node:crypto";
import type { Finding } from "../../../schemas/finding.js";
import { Asn1Error, headerAt } from "../../asn1/decode-ber.js";
import { TAG } from "../../asn1/encode-der.js";
import { finding } from "../../run/judge.js";
import { keptByText } from "../../support/kept.js";
import { tagsOf } from "./tags.js";

/** A key record, read and judged. */
export interface KeyRecord {
  /** Null when nothing may be verified with it. */
  readonly publicKey: KeyObject | null;
  /** The key, also when nothing may be verified with it; null when it cannot be read. */
  readonly key: KeyObject | null;
  readonly findings: readonly Finding[];
  /** t=s: the identity of a signature (i=) has to be in the domain itself (RFC 6376, section 3.6.1). */
  readonly restrictsIdentity: boolean;
}

/** RFC 8301, section 3.2. */
const REFUSED_BELOW_BITS = 1024;
const ADVISED_BITS = 2048;

/** Reads the TXT records at <selector>._domainkey.<domain>, each with its strings joined (RFC 6376, section 3.6.1). */
export function readKeyRecord(texts: readonly string[]): KeyRecord {
  const records = texts.map((text) => ({ text, tags: tagsOf(text) })).filter(({ text, tags }) => tags?.has("p") === true || /^\s*v\s*=\s*DKIM1\b/.test(text));
  const [first] = records;
  if (first === undefined) return nothing("no_key_record", "there is no key record here", "v=DKIM1; …; p=…", texts[0] ?? null);
  if (records.length > 1)
    return nothing("several_key_records", "there are several key records: verifiers take any of them, or none", "one", String(records.length));
  const { tags, text } = first;
  if (tags === null) return nothing("unreadable_key_record", "the key record is no list of tags, or holds one twice", "v=DKIM1; k=rsa; p=…", text);
  if (tags.has("v") && tags.keys().next().value !== "v") return nothing("version_not_first", "v= must be the first tag of a key record", "v=DKIM1; …", text);
  return keyOf(tags);
}

function keyOf(tags: ReadonlyMap<string, string>): KeyRecord {
  const version = tags.get("v") ?? "DKIM1";
  const type = tags.get("k") ?? "rsa";
  const key = (tags.get("p") ?? "").replace(/\s/g, "");
  if (version !== "DKIM1") return nothing("other_version", "the key record is of another version", "v=DKIM1", `v=${version}`);
  if (!tags.has("p")) return nothing("no_public_key", "the key record holds no key", "p=", null);
  if (key === "") return nothing("revoked", "the key is revoked", "a key in p=", "nothing");
  if (type !== "rsa" && type !== "ed25519")
    return nothing("unknown_key_type", "the key is of a kind that verifiers do not know", "k=rsa or k=ed25519", `k=${type}`);
  const publicKey = publicKeyOf(type, key);
  if (publicKey === null)
    return nothing(
      type === "ed25519" ? "unreadable_ed25519_key" : "unreadable_key",
      `the value of p= is not a valid ${type} key`,
      null,
      `${key.slice(0, 40)}…`,
    );
  const findings = [...restrictions(tags), ...strength(publicKey)];
  const restrictsIdentity =
    tags
      .get("t")
      ?.split(":")
      .map((flag) => flag.trim())
      .includes("s") === true;
  return { publicKey: findings.some(({ severity }) => severity === "error") ? null : publicKey, key: publicKey, findings, restrictsIdentity };
}

function publicKeyOf(type: "rsa" | "ed25519", base64: string): KeyObject | null {
  return type === "rsa" ? rsaKey(base64) : ed25519Key(base64);
}

/** To import a key takes longer than to verify with it, and a few senders sign most of the mail. */
const KEPT_KEYS = 500;
const rsaKey = keptByText(KEPT_KEYS, (base64) => importKey("rsa", base64));
const ed25519Key = keptByText(KEPT_KEYS, (base64) => importKey("ed25519", base64));

function importKey(type: "rsa" | "ed25519", base64: string): KeyObject | null {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return null;
  const bytes = Buffer.from(base64, "base64");
  if (type === "ed25519") return bytes.length === 32 ? readPublicKey(Buffer.concat([ED25519_SPKI, bytes]), "spki") : null;
  // The standard names RSAPublicKey, and everybody publishes SubjectPublicKeyInfo: both are read (RFC 6376, erratum 3017).
  const within = rsaKeyWithin(bytes);
  const key = (within === null ? null : readPublicKey(within, "pkcs1")) ?? readPublicKey(bytes, "spki") ?? readPublicKey(bytes, "pkcs1");
  return key?.asymmetricKeyType === "rsa" ? key : null;
}

/** What SPKI writes before the bits of an RSA key (RFC 3279, 2.3.1). */
const RSA_ALGORITHM = Buffer.from("300d06092a864886f70d0101010500", "hex");

/** The RSAPublicKey within an SPKI as everybody writes it; null for any other. Node 20 takes nine times as long to import the outer form. */
function rsaKeyWithin(spki: Buffer): Buffer | null {
  const outer = lastElement(spki, 0, TAG.sequence);
  if (outer === null || !spki.subarray(outer, outer + RSA_ALGORITHM.length).equals(RSA_ALGORITHM)) return null;
  const bits = lastElement(spki, outer + RSA_ALGORITHM.length, TAG.bitString);
  // The first byte of a bit string counts the bits that are not used.
  if (bits === null || spki[bits] !== 0 || lastElement(spki, bits + 1, TAG.sequence) === null) return null;
  return spki.subarray(bits + 1);
}

/** Where the content of an element begins that reaches to the end of the bytes; null if there is no such element. */
function lastElement(bytes: Buffer, offset: number, tag: number): number | null {
  try {
    const header = headerAt(bytes, offset);
    return header?.tag === tag && header.end === bytes.length ? header.start : null;
  } catch (error) {
    if (!(error instanceof Asn1Error)) throw error;
    return null;
  }
}

function readPublicKey(key: Buffer, type: "spki" | "pkcs1"): KeyObject | null {
  try {
    return createPublicKey({ key, format: "der", type });
  } catch {
    return null;
  }
}

/** What SPKI writes before the 32 bytes of an Ed25519 key (RFC 8410, section 4). */
const ED25519_SPKI = Buffer.from("302a300506032b6570032100", "hex");

function strength(key: KeyObject): Finding[] {
  const bits = key.asymmetricKeyDetails?.modulusLength;
  if (bits === undefined || bits >= ADVISED_BITS) return [];
  if (bits < REFUSED_BELOW_BITS)
    return [finding("error", "key_too_short", "verifiers must reject a key this short (RFC 8301)", `${REFUSED_BELOW_BITS} bits`, `${bits} bits`)];
  return [finding("warning", "key_short", "the key is shorter than recommended (RFC 8301)", `${ADVISED_BITS} bits`, `${bits} bits`)];
}

function restrictions(tags: ReadonlyMap<string, string>): Finding[] {
  const listed = (name: string): string[] | null =>
    tags
      .get(name)
      ?.split(":")
      .map((each) => each.trim()) ?? null;
  const hashes = listed("h");
  const services = listed("s");
  const findings: Finding[] = [];
  if (hashes?.includes("sha256") === false)
    findings.push(finding("error", "no_sha256", "the key may not be used with SHA-256", "h=sha256", `h=${tags.get("h")}`));
  if (services !== null && !services.includes("*") && !services.includes("email")) {
    findings.push(finding("error", "not_for_mail", "the key is not for mail", "s=email", `s=${tags.get("s")}`));
  }
  if (listed("t")?.includes("y") === true)
    findings.push(finding("warning", "testing", "the key is marked as a test: verifiers may ignore its signatures", null, "t=y"));
  return findings;
}

function nothing(reason: string, message: string, expected: string | null, actual: string | null): KeyRecord {
  return { publicKey: null, key: null, findings: [finding("error", reason, message, expected, actual)], restrictsIdentity: false };
}
