import { createHash, createPublicKey, type KeyObject, X509Certificate } from "node:crypto";
import type { Tlsa } from "../policy.js";

/** RFC 6698, section 2.1, with the names of RFC 7218. Usages 0 and 1 mean nothing to SMTP (RFC 7672, section 3.1.3). */
export const USAGES = { trustAnchor: 2, endEntity: 3 } as const;
const SELECTORS = { certificate: 0, publicKey: 1 } as const;
const MATCHING = { full: 0, sha256: 1, sha512: 2 } as const;
const DIGEST_BYTES: Readonly<Record<number, number>> = { [MATCHING.sha256]: 32, [MATCHING.sha512]: 64 };

/**
 * The records that a client of SMTP can go by. Of digests of one kind only the strongest count: a domain that publishes a new one beside
 * an old one means the new one (RFC 7671, section 9).
 */
export function usableTlsa(records: readonly Tlsa[]): Tlsa[] {
  const known = records.filter(isUsable);
  return known.filter(({ usage, selector, matchingType }) => {
    const isWeaker = matchingType === MATCHING.sha256;
    return !(isWeaker && known.some((other) => other.usage === usage && other.selector === selector && other.matchingType === MATCHING.sha512));
  });
}

function isUsable({ usage, selector, matchingType, certificate }: Tlsa): boolean {
  if (!isOneOf(USAGES, usage) || !isOneOf(SELECTORS, selector)) return false;
  if (matchingType !== MATCHING.full) return certificate.length === DIGEST_BYTES[matchingType];
  return selector === SELECTORS.certificate ? readCertificate(certificate) !== null : readPublicKey(certificate) !== null;
}

function isOneOf(values: Readonly<Record<string, number>>, value: number): boolean {
  return Object.values(values).includes(value);
}

/** True when a record is about this certificate. */
export function matches({ selector, matchingType, certificate: expected }: Tlsa, certificate: X509Certificate): boolean {
  const selected = selector === SELECTORS.certificate ? certificate.raw : certificate.publicKey.export({ type: "spki", format: "der" });
  if (matchingType === MATCHING.full) return selected.equals(expected);
  return createHash(matchingType === MATCHING.sha256 ? "sha256" : "sha512")
    .update(selected)
    .digest()
    .equals(expected);
}

/** The authorities that records hold whole: a server need not send those. */
export function wholeAnchors(records: readonly Tlsa[]): { certificates: X509Certificate[]; keys: KeyObject[] } {
  const whole = records.filter(({ usage, matchingType }) => usage === USAGES.trustAnchor && matchingType === MATCHING.full);
  const certificates = whole.filter(({ selector }) => selector === SELECTORS.certificate).map(({ certificate }) => readCertificate(certificate));
  const keys = whole.filter(({ selector }) => selector === SELECTORS.publicKey).map(({ certificate }) => readPublicKey(certificate));
  return { certificates: certificates.filter((each) => each !== null), keys: keys.filter((each) => each !== null) };
}

/** As master files and TLS reports show a record. */
export function showTlsa({ usage, selector, matchingType, certificate }: Tlsa): string {
  return `${usage} ${selector} ${matchingType} ${certificate.toString("hex")}`;
}

function readCertificate(der: Buffer): X509Certificate | null {
  try {
    return new X509Certificate(der);
  } catch {
    return null;
  }
}

function readPublicKey(der: Buffer): KeyObject | null {
  try {
    return createPublicKey({ key: der, format: "der", type: "spki" });
  } catch {
    return null;
  }
}
