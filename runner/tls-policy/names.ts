import type { X509Certificate } from "node:crypto";
import { isAddress } from "../../schemas/host.js";

/**
 * True if a certificate is for one of the names. A star matches one whole label. The subject's common name counts for DANE only, and only in a
 * certificate without DNS names ("default": RFC 7672, section 3.2.3); for MTA-STS it never does (RFC 8461, section 4.1).
 */
export function isForOneOf(certificate: X509Certificate, names: readonly string[], subject: "default" | "never"): boolean {
  const options = { subject, wildcards: true, partialWildcards: false, multiLabelWildcards: false, singleLabelSubdomains: false } as const;
  return names.some((name) => (isAddress(name) ? certificate.checkIP(name) : certificate.checkHost(name, options)) !== undefined);
}
