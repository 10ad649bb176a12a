import type { X509Certificate } from "node:crypto";

export interface Anchors {
  isAnchor(certificate: X509Certificate): boolean;
  /** Its issuer's key is an anchor by itself, without a certificate. */
  isSignedByAnchor(certificate: X509Certificate): boolean;
}

/** No honest chain is longer. */
const MAX_DEPTH = 10;
/** Certificates that all seem to have issued each other cost no more than this. */
const MAX_STEPS = 100;

/**
 * The certificates from the host's own to the first that is an anchor, each signed by the next; null if there is no such path. The anchor need not be
 * self-signed, and what is above it does not matter. `others` may be in any order.
 */
export function trustPath(leaf: X509Certificate, others: readonly X509Certificate[], anchors: Anchors): X509Certificate[] | null {
  if (!mayServe(leaf)) return null;
  let steps = 0;
  const follow = (path: readonly X509Certificate[]): X509Certificate[] | null => {
    const last = path.at(-1) as X509Certificate;
    if (anchors.isSignedByAnchor(last)) return [...path];
    for (const issuer of others) {
      if (path.length > MAX_DEPTH || ++steps > MAX_STEPS) return null;
      if (path.some(({ raw }) => raw.equals(issuer.raw)) || !issued(issuer, last)) continue;
      if (anchors.isAnchor(issuer)) return [...path, issuer];
      if (isNameConstrained(issuer)) continue;
      const whole = follow([...path, issuer]);
      if (whole !== null) return whole;
    }
    return null;
  };
  return follow([leaf]);
}

/** That one may sign others, says so, and did sign: names and key identifiers alone prove nothing. */
function issued(issuer: X509Certificate, certificate: X509Certificate): boolean {
  return issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

/**
 * An authority that may sign for some names only (RFC 5280, section 4.2.1.10). The constraints are not read here, so no certificate is trusted
 * through it; as an anchor it was chosen by those who published it.
 */
function isNameConstrained({ raw }: X509Certificate): boolean {
  return raw.includes(NAME_CONSTRAINTS);
}

/** The extension's identifier, 2.5.29.30, in DER. */
const NAME_CONSTRAINTS = Buffer.from("0603551d1e", "hex");

const SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
const ANY_USAGE = "2.5.29.37.0";

/** A certificate that says what it is for must be for TLS servers (RFC 5280, section 4.2.1.12). */
function mayServe({ keyUsage }: X509Certificate): boolean {
  const usages = keyUsage as readonly string[] | undefined;
  return usages === undefined || usages.includes(SERVER_AUTH) || usages.includes(ANY_USAGE);
}
