import { createHash, createVerify, type KeyObject, verify } from "node:crypto";
import { readKeyRecord } from "../dkim/read-key-record.js";
import { bodyHash, canonicalField } from "./canonicalize.js";
import { type DkimSignature, readDkimSignature, type SignatureTags, tagsShown } from "./dkim-signature.js";
import { isUnanswered, type TxtLookup } from "./key-lookup.js";
import { fieldValue, type ReceivedField, type ReceivedMessage } from "./message-parts.js";
import { TagListError, withoutSignature } from "./tag-list.js";

/** RFC 8601, 2.7.1. */
export type DkimResultCode = "pass" | "fail" | "neutral" | "permerror" | "temperror";

export interface DkimVerification extends SignatureTags {
  readonly result: DkimResultCode;
  /** A stable word for what decided it; null for a pass. */
  readonly reason: string | null;
  readonly message: string | null;
  readonly key_bits: number | null;
  readonly signed_fields: readonly string[];
  /** More than one From could be shown, and only one is signed (RFC 6376, 8.15). */
  readonly from_is_oversigned: boolean;
  /** Bytes of the canonical body after what l= covers: anyone could have added them. */
  readonly unsigned_body_bytes: number;
  readonly signed_at: string | null;
  readonly expires_at: string | null;
  readonly is_test: boolean;
}

/** More signatures than this are not verified: each costs a question and an exponentiation. */
const MAX_SIGNATURES = 10;

export interface VerifyOptions {
  readonly lookup: TxtLookup;
  /** Milliseconds since 1970: signatures are judged at the time of receipt. */
  readonly at: number;
}

/** Verifies every DKIM-Signature of a message, in order. */
export function verifyDkim(message: ReceivedMessage, options: VerifyOptions): Promise<DkimVerification[]> {
  const signatures = message.fields.filter(({ name }) => name === "dkim-signature").slice(0, MAX_SIGNATURES);
  return Promise.all(signatures.map((field) => verifyOne(message, field, options)));
}

async function verifyOne(message: ReceivedMessage, field: ReceivedField, options: VerifyOptions): Promise<DkimVerification> {
  let signature: DkimSignature;
  try {
    signature = readDkimSignature(fieldValue(field));
  } catch (error) {
    if (!(error instanceof TagListError)) throw error;
    return broken(tagsShown(fieldValue(field)), "permerror", "malformed_signature", error.message);
  }
  return { ...factsOf(signature, message), ...(await checkSignature(message, field, signature, options)) };
}

export type Check = Pick<DkimVerification, "result" | "reason" | "message" | "key_bits" | "is_test">;

/** What RFC 6376, 6.1, asks of one signature: its time, its key, the body hash, the signature itself. */
export async function checkSignature(message: ReceivedMessage, field: ReceivedField, signature: DkimSignature, { lookup, at }: VerifyOptions): Promise<Check> {
  if (signature.expiresAt !== null && signature.expiresAt * 1000 < at)
    return failed("permerror", "expired", "the signature had expired when the message was received");
  if (signature.algorithm === "rsa-sha1") return failed("permerror", "sha1", "SHA-1 must not be used any more (RFC 8301)");
  const key = await findKey(signature, lookup);
  if ("result" in key) return key;
  const body = bodyHash(message.body, signature.bodyCanonicalization, "sha256", signature.bodyLength);
  const facts = { key_bits: key.bits, is_test: key.isTest };
  if (signature.bodyLength !== null && signature.bodyLength > body.canonicalBytes) {
    return { ...failed("permerror", "body_too_short", "l= counts more bytes than the body has"), ...facts };
  }
  if (body.hash !== signature.bodyHash) return { ...failed("fail", "body_changed", "the body is not the one that was signed"), ...facts };
  const isGood = isSignedBy(key.publicKey, signature, signedHeader(message, field, signature));
  return isGood
    ? { result: "pass", reason: null, message: null, ...facts }
    : { ...failed("fail", "header_changed", "the header is not the one that was signed, or the key is another"), ...facts };
}

interface Key {
  readonly publicKey: KeyObject;
  readonly bits: number | null;
  readonly isTest: boolean;
}

export async function findKey(
  { domain, selector, algorithm, identityDomain }: Pick<DkimSignature, "domain" | "selector" | "algorithm" | "identityDomain">,
  lookup: TxtLookup,
): Promise<Key | Check> {
  const answer = await lookup(`${selector}._domainkey.${domain}`);
  if (isUnanswered(answer))
    return failed("temperror", "key_unavailable", `the key could not be asked for: ${answer.problem ?? answer.outcome.replaceAll("_", " ")}`);
  if (answer.outcome !== "found") return failed("permerror", "no_key", "there is no key at the selector");
  const { publicKey, findings, restrictsIdentity } = readKeyRecord(answer.texts);
  const error = findings.find(({ severity }) => severity === "error");
  if (publicKey === null) return failed("permerror", error?.reason ?? "no_key", error?.message ?? "there is no key at the selector");
  const wanted = algorithm === "ed25519-sha256" ? "ed25519" : "rsa";
  if (publicKey.asymmetricKeyType !== wanted) return failed("permerror", "key_of_another_type", `the key is not one for ${algorithm}`);
  if (restrictsIdentity && identityDomain !== domain)
    return failed("permerror", "identity_not_allowed", "the key is for its own domain only (t=s), and i= is below it");
  return {
    publicKey,
    bits: publicKey.asymmetricKeyDetails?.modulusLength ?? (wanted === "ed25519" ? 256 : null),
    isTest: findings.some(({ reason }) => reason === "testing"),
  };
}

/** RFC 6376, 5.4.2: of fields with one name, the last that is not used yet; the signature's own comes last, without its value. */
function signedHeader(message: ReceivedMessage, field: ReceivedField, { signedFields, headerCanonicalization }: DkimSignature): string {
  const byName = new Map<string, ReceivedField[]>();
  for (const each of message.fields) byName.set(each.name, [...(byName.get(each.name) ?? []), each]);
  const lines: string[] = [];
  for (const name of signedFields) {
    const next = byName.get(name)?.pop();
    if (next !== undefined) lines.push(`${canonicalField(next, headerCanonicalization)}\r\n`);
  }
  lines.push(canonicalField({ name: field.name, raw: withoutSignature(field.raw) }, headerCanonicalization));
  return lines.join("");
}

export function isSignedBy(key: KeyObject, { algorithm, signature }: Pick<DkimSignature, "algorithm" | "signature">, text: string): boolean {
  const bytes = Buffer.from(text, "latin1");
  // RFC 8463, 3: Ed25519 signs the SHA-256 hash.
  if (algorithm === "ed25519-sha256") return verify(null, createHash("sha256").update(bytes).digest(), key, signature);
  return createVerify("RSA-SHA256").update(bytes).verify(key, signature);
}

function factsOf(signature: DkimSignature, message: ReceivedMessage): Omit<DkimVerification, keyof Check> {
  const { domain, selector, algorithm, signedFields, bodyLength, bodyCanonicalization, signedAt, expiresAt } = signature;
  const froms = message.fields.filter(({ name }) => name === "from").length;
  const total = bodyLength === null ? 0 : bodyHash(message.body, bodyCanonicalization, "sha256", 0).canonicalBytes;
  return {
    domain,
    selector,
    algorithm,
    signed_fields: signedFields,
    from_is_oversigned: signedFields.filter((name) => name === "from").length > froms,
    unsigned_body_bytes: bodyLength === null ? 0 : Math.max(0, total - bodyLength),
    signed_at: timeOf(signedAt),
    expires_at: timeOf(expiresAt),
  };
}

function broken(tags: SignatureTags, result: DkimResultCode, reason: string, message: string): DkimVerification {
  const facts = { signed_fields: [], from_is_oversigned: false, unsigned_body_bytes: 0, signed_at: null, expires_at: null };
  return { ...tags, ...facts, ...failed(result, reason, message) };
}

function failed(result: DkimResultCode, reason: string, message: string): Check {
  return { result, reason, message, key_bits: null, is_test: false };
}

function timeOf(seconds: number | null): string | null {
  const most = 8_640_000_000_000;
  return seconds === null ? null : new Date(Math.min(seconds, most) * 1000).toISOString();
}
