import {
  Asn1Error,
  assertShallow,
  bitsOf,
  booleanOf,
  bytesOfBitString,
  childrenOf,
  type Element,
  elementAt,
  expectTag,
  integerOf,
  objectIdentifierOf,
} from "./decode-ber.js";
import { TAG } from "./encode-der.js";
import { CURVES, EXTENDED_KEY_USAGES, EXTENSION, HASHES, KEY_ALGORITHMS, KEY_USAGES, SIGNATURE_ALGORITHMS } from "./names.js";

/** What Node's X509Certificate does not say of a certificate (RFC 5280). */
export interface CertificateDetails {
  readonly signature_algorithm: string;
  /** Lower case; null when the algorithm brings its own. */
  readonly signature_hash: string | null;
  readonly key_algorithm: string;
  /** The named curve of an EC key. */
  readonly curve: string | null;
  readonly key_bits: number | null;
  readonly is_ca: boolean;
  readonly path_length: number | null;
  readonly key_usage: readonly string[];
  readonly extended_key_usage: readonly string[];
  readonly name_constraints: NameConstraints | null;
  readonly ocsp_urls: readonly string[];
  readonly issuer_urls: readonly string[];
  readonly must_staple: boolean;
  readonly timestamps: readonly SignedTimestamp[];
  /** Extensions that are critical and unknown to this reader, by object identifier. */
  readonly unknown_critical: readonly string[];
}

export interface NameConstraints {
  readonly permitted: readonly string[];
  readonly excluded: readonly string[];
}

/** RFC 6962, 3.2: a promise of a certificate transparency log. */
export interface SignedTimestamp {
  readonly log_id: string;
  readonly timestamp: string;
}

/** Reads a certificate in DER. Throws Asn1Error when it is none. */
export function readCertificate(bytes: Buffer): CertificateDetails {
  assertShallow(bytes);
  const [toBeSigned, algorithm] = childrenOf(expectTag(elementAt(bytes), TAG.sequence));
  const fields = childrenOf(expectTag(toBeSigned, TAG.sequence));
  // [0] is the version; version 1 leaves it out.
  if (fields[0]?.tag === 0xa0) fields.shift();
  const publicKey = expectTag(fields[5], TAG.sequence);
  const extensions = extensionsOf(fields.find(({ tag }) => tag === 0xa3));
  return {
    ...signatureOf(expectTag(algorithm, TAG.sequence)),
    ...keyOf(publicKey),
    ...constraintsOf(extensions),
    ...servicesOf(extensions),
    unknown_critical: unknownCritical(extensions),
  };
}

/** What an extension holds; null if the certificate has none of that object identifier. */
export function extensionValue(bytes: Buffer, id: string): Buffer | null {
  const [toBeSigned] = childrenOf(expectTag(elementAt(bytes), TAG.sequence));
  const fields = childrenOf(expectTag(toBeSigned, TAG.sequence));
  return extensionsOf(fields.find(({ tag }) => tag === 0xa3)).get(id)?.value ?? null;
}

/** The name of the issuer in DER, as it stands in the issuer's own certificate. */
export function issuerOf(bytes: Buffer): Buffer {
  const [toBeSigned] = childrenOf(expectTag(elementAt(bytes), TAG.sequence));
  const fields = childrenOf(expectTag(toBeSigned, TAG.sequence));
  if (fields[0]?.tag === 0xa0) fields.shift();
  return expectTag(fields[2], TAG.sequence).bytes;
}

/** The key of a SubjectPublicKeyInfo, as TLSA selector 1 and key pins take it. */
export function subjectPublicKeyInfo(bytes: Buffer): Buffer {
  const [toBeSigned] = childrenOf(expectTag(elementAt(bytes), TAG.sequence));
  const fields = childrenOf(expectTag(toBeSigned, TAG.sequence));
  if (fields[0]?.tag === 0xa0) fields.shift();
  return expectTag(fields[5], TAG.sequence).bytes;
}

function signatureOf(algorithm: Element): Pick<CertificateDetails, "signature_algorithm" | "signature_hash"> {
  const [id, parameters] = childrenOf(algorithm);
  const identifier = objectIdentifierOf(expectTag(id, TAG.objectIdentifier));
  const known = SIGNATURE_ALGORITHMS[identifier];
  return { signature_algorithm: known?.name ?? identifier, signature_hash: known?.name === "rsassaPss" ? pssHash(parameters) : (known?.hash ?? null) };
}

/** RFC 4055, 3.1: SHA-1 unless the parameters say otherwise. */
function pssHash(parameters: Element | undefined): string {
  const hash = parameters === undefined ? undefined : childrenOf(parameters).find(({ tag }) => tag === 0xa0);
  if (hash === undefined) return "sha1";
  const identifier = objectIdentifierOf(expectTag(childrenOf(elementAt(hash.content))[0], TAG.objectIdentifier));
  return HASHES[identifier] ?? identifier;
}

function keyOf(publicKey: Element): Pick<CertificateDetails, "key_algorithm" | "curve" | "key_bits"> {
  const [algorithm, key] = childrenOf(publicKey);
  const [id, parameters] = childrenOf(expectTag(algorithm, TAG.sequence));
  const identifier = objectIdentifierOf(expectTag(id, TAG.objectIdentifier));
  const key_algorithm = KEY_ALGORITHMS[identifier] ?? identifier;
  if (key_algorithm === "ec") {
    const named = parameters?.tag === TAG.objectIdentifier ? objectIdentifierOf(parameters) : null;
    const curve = named === null ? undefined : CURVES[named];
    return { key_algorithm, curve: curve?.name ?? named, key_bits: curve?.bits ?? null };
  }
  const bytes = key === undefined ? null : bytesOfBitString(key);
  const isRsa = key_algorithm.startsWith("rsa");
  return { key_algorithm, curve: null, key_bits: isRsa && bytes !== null ? modulusBits(bytes) : (KEY_BITS[key_algorithm] ?? null) };
}

/** RFC 8410: the sizes are part of the algorithm. */
const KEY_BITS: Readonly<Record<string, number>> = { ed25519: 256, x25519: 256, ed448: 456, x448: 448 };

/** RFC 8017, A.1.1: RSAPublicKey is the modulus and the exponent. */
function modulusBits(bytes: Buffer): number {
  const [modulus] = childrenOf(expectTag(elementAt(bytes), TAG.sequence));
  const content = expectTag(modulus, TAG.integer).content;
  const first = content.findIndex((byte) => byte !== 0);
  return first < 0 ? 0 : (content.length - first) * 8 - Math.clz32(content[first] as number) + 24;
}

interface Extension {
  readonly id: string;
  readonly isCritical: boolean;
  readonly value: Buffer;
}

/** RFC 5280, 4.2. The first of two with the same identifier counts; a certificate must not hold two. */
function extensionsOf(wrapped: Element | undefined): Map<string, Extension> {
  const extensions = new Map<string, Extension>();
  if (wrapped === undefined) return extensions;
  for (const each of childrenOf(elementAt(wrapped.content))) {
    const parts = childrenOf(each);
    const id = objectIdentifierOf(expectTag(parts[0], TAG.objectIdentifier));
    const isCritical = parts[1]?.tag === TAG.boolean && booleanOf(parts[1]);
    if (!extensions.has(id)) extensions.set(id, { id, isCritical, value: expectTag(parts.at(-1), TAG.octetString).content });
  }
  return extensions;
}

type Constraints = Pick<CertificateDetails, "is_ca" | "path_length" | "key_usage" | "extended_key_usage" | "name_constraints">;

function constraintsOf(extensions: ReadonlyMap<string, Extension>): Constraints {
  const read = <Result>(id: string, reader: (value: Element) => Result, absent: Result): Result => {
    const extension = extensions.get(id);
    return extension === undefined ? absent : reader(elementAt(extension.value));
  };
  const basic = read(EXTENSION.basicConstraints, childrenOf, []);
  const pathLength = basic.find(({ tag }) => tag === TAG.integer);
  const usageIds = read(EXTENSION.extendedKeyUsage, childrenOf, []).map(objectIdentifierOf);
  return {
    is_ca: basic[0]?.tag === TAG.boolean && booleanOf(basic[0]),
    path_length: pathLength === undefined ? null : integerOf(pathLength),
    key_usage: read(EXTENSION.keyUsage, bitsOf, []).flatMap((bit) => KEY_USAGES[bit] ?? []),
    extended_key_usage: usageIds.map((id) => EXTENDED_KEY_USAGES[id] ?? id),
    name_constraints: read(EXTENSION.nameConstraints, nameConstraintsOf, null),
  };
}

/** RFC 5280, 4.2.1.10: [0] holds the permitted subtrees, [1] the excluded ones. */
function nameConstraintsOf(constraints: Element): NameConstraints {
  const subtrees = (tag: number): string[] => {
    const trees = childrenOf(constraints).find((each) => each.tag === tag);
    return trees === undefined ? [] : childrenOf(trees).map((tree) => generalName(childrenOf(tree)[0]));
  };
  return { permitted: subtrees(0xa0), excluded: subtrees(0xa1) };
}

/** RFC 5280, 4.2.1.6. Only what is text is shown; a directory name is named by its kind. */
function generalName(name: Element | undefined): string {
  const kind = { 129: "email", 130: "dns", 134: "uri", 135: "ip", 164: "directory" }[name?.tag ?? 0] ?? "other";
  if (name === undefined || kind === "directory" || kind === "other") return kind;
  return `${kind}:${kind === "ip" ? name.content.toString("hex") : printableAscii(name.content)}`;
}

type Services = Pick<CertificateDetails, "ocsp_urls" | "issuer_urls" | "must_staple" | "timestamps">;

/** RFC 5280, 4.2.2.1 (OCSP, CA issuers), RFC 7633 (must-staple), RFC 6962 (timestamps). */
function servicesOf(extensions: ReadonlyMap<string, Extension>): Services {
  const access = extensions.get(EXTENSION.authorityInformationAccess);
  const urls = (method: string): string[] => (access === undefined ? [] : accessUrls(elementAt(access.value), method));
  const feature = extensions.get(EXTENSION.tlsFeature);
  const timestamps = extensions.get(EXTENSION.signedCertificateTimestamps);
  return {
    ocsp_urls: urls("1.3.6.1.5.5.7.48.1"),
    issuer_urls: urls("1.3.6.1.5.5.7.48.2"),
    // status_request is 5, status_request_v2 is 17.
    must_staple: feature !== undefined && childrenOf(elementAt(feature.value)).some((each) => [5, 17].includes(integerOf(each))),
    timestamps: timestamps === undefined ? [] : signedTimestamps(expectTag(elementAt(timestamps.value), TAG.octetString).content),
  };
}

function accessUrls(access: Element, method: string): string[] {
  return childrenOf(access).flatMap((description) => {
    const [id, location] = childrenOf(description);
    return id !== undefined && objectIdentifierOf(id) === method && location?.tag === 0x86 ? [printableAscii(location.content)] : [];
  });
}

const MAX_TIMESTAMPS = 32;

/** A SignedCertificateTimestampList (RFC 6962, 3.3), as it stands in a certificate, a TLS extension or an OCSP response. */
export function signedTimestamps(bytes: Buffer): SignedTimestamp[] {
  const found: SignedTimestamp[] = [];
  for (let offset = 2; offset + 2 <= bytes.length && found.length < MAX_TIMESTAMPS; ) {
    const length = bytes.readUInt16BE(offset);
    const each = bytes.subarray(offset + 2, offset + 2 + length);
    if (each.length < 41) throw new Asn1Error("a certificate timestamp is cut off");
    found.push({ log_id: each.subarray(1, 33).toString("base64"), timestamp: timeOf(each.readBigUInt64BE(33)) });
    offset += 2 + length;
  }
  return found;
}

function timeOf(milliseconds: bigint): string {
  // Beyond this a Date cannot go; a log that promises such a time is broken, and its time is shown as the last one.
  const most = 8_640_000_000_000_000n;
  return new Date(Number(milliseconds < most ? milliseconds : most)).toISOString();
}

const KNOWN: ReadonlySet<string> = new Set([
  ...Object.values(EXTENSION),
  // Certificate policies, policy mappings and constraints, CRL distribution points: nothing here judges by them.
  "2.5.29.31",
  "2.5.29.32",
  "2.5.29.33",
  "2.5.29.36",
  "2.5.29.54",
]);

function unknownCritical(extensions: ReadonlyMap<string, Extension>): string[] {
  return [...extensions.values()].filter(({ id, isCritical }) => isCritical && !KNOWN.has(id)).map(({ id }) => id);
}

function printableAscii(bytes: Buffer): string {
  return bytes
    .subarray(0, 2048)
    .toString("latin1")
    .replace(/[^\x20-\x7e]/g, "?");
}
