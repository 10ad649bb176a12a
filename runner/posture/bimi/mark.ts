import { createHash, X509Certificate } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { type Logotype, subjectLogotypes } from "../../asn1/logotype.js";

/** What a file with the certificate of a mark holds. */
export interface MarkFacts {
  readonly certificate: X509Certificate;
  /** Each certificate of the file is signed by the next one; null for one without others. */
  readonly is_chain_signed: boolean | null;
  /** The SVG inside the certificate; null if there is none, or it cannot be read. */
  readonly logo: Buffer | null;
  /** The hash in the certificate is that of its logo; null without a logo. */
  readonly is_hash_right: boolean | null;
}

const MAX_CERTIFICATES = 10;
const MAX_LOGO_BYTES = 1024 * 1024;
const HASHES: Readonly<Record<string, string>> = {
  "1.3.14.3.2.26": "sha1",
  "2.16.840.1.101.3.4.2.1": "sha256",
  "2.16.840.1.101.3.4.2.2": "sha384",
  "2.16.840.1.101.3.4.2.3": "sha512",
};

/** Reads a PEM file, the mark's own certificate first. Throws where that one cannot be read. */
export function readMark(pem: Buffer): MarkFacts {
  const blocks = pem
    .toString("latin1")
    .split("-----BEGIN CERTIFICATE-----")
    .slice(1, 1 + MAX_CERTIFICATES)
    .map((block) => `-----BEGIN CERTIFICATE-----${block.slice(0, block.indexOf("-----END") + "-----END CERTIFICATE-----".length)}`);
  const [certificate, ...others] = blocks.map((block) => new X509Certificate(block));
  if (certificate === undefined) throw new Error("there is no certificate");
  const [image] = subjectLogotypes(certificate.raw);
  const embedded = image === undefined ? null : embeddedIn(image);
  return {
    certificate,
    is_chain_signed: others.length === 0 ? null : isSignedInTurn([certificate, ...others]),
    logo: embedded === null ? null : expanded(embedded),
    is_hash_right: image === undefined || embedded === null ? null : isHashRight(image, embedded),
  };
}

/** The same picture, whether or not one of the two is compressed. */
export function isSameLogo(one: Buffer, other: Buffer): boolean | null {
  const [a, b] = [expanded(one), expanded(other)];
  return a === null || b === null ? null : a.equals(b);
}

function isSignedInTurn(chain: readonly X509Certificate[]): boolean {
  return chain
    .slice(1)
    .every((issuer, index) => (chain[index] as X509Certificate).checkIssued(issuer) && (chain[index] as X509Certificate).verify(issuer.publicKey));
}

function embeddedIn({ uris }: Logotype): Buffer | null {
  const uri = uris.find((each) => /^data:image\/svg\+xml[^,]{0,100};base64,/i.test(each.slice(0, 150)));
  return uri === undefined ? null : Buffer.from(uri.slice(uri.indexOf(",") + 1), "base64");
}

function expanded(bytes: Buffer): Buffer | null {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_LOGO_BYTES });
  } catch {
    return null;
  }
}

/** RFC 9399 hashes what the URI holds; some issuers hash it uncompressed. */
function isHashRight({ hashes }: Logotype, embedded: Buffer): boolean | null {
  const known = hashes.flatMap(({ algorithm, value }) => (HASHES[algorithm] === undefined ? [] : [{ name: HASHES[algorithm] as string, value }]));
  if (known.length === 0) return null;
  const forms = [embedded, expanded(embedded)].filter((form) => form !== null);
  return known.every(({ name, value }) => forms.some((form) => createHash(name).update(form).digest().equals(value)));
}
