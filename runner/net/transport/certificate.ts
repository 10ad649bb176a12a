import type { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import type { Certificate, CertificateProblem, InvalidReason } from "../../../schemas/tls.js";
import { detailsOf, weaknesses } from "./certificate-weakness.js";
import { isSelfSigned } from "./verified-path.js";

const DAY_MS = 86_400_000;

export function describeCertificate(certificate: X509Certificate, now: number): Certificate {
  const { publicKey } = certificate;
  const key = publicKey.asymmetricKeyDetails;
  const details = detailsOf(certificate.raw);
  return {
    subject: oneLine(certificate.subject),
    issuer: oneLine(certificate.issuer),
    subject_alternative_names: alternativeNames(certificate),
    not_before: new Date(certificate.validFrom).toISOString(),
    not_after: new Date(certificate.validTo).toISOString(),
    days_left: Math.floor((Date.parse(certificate.validTo) - now) / DAY_MS),
    serial_number: certificate.serialNumber.toLowerCase(),
    fingerprint_sha256: certificate.fingerprint256.replaceAll(":", "").toLowerCase(),
    key_type: key?.namedCurve ?? publicKey.asymmetricKeyType ?? "unknown",
    key_bits: details?.key_bits ?? key?.modulusLength ?? null,
    signature_algorithm: details?.signature_algorithm ?? null,
    signature_hash: details?.signature_hash ?? null,
    self_signed: isSelfSigned(certificate),
  };
}

/** All problems, each separately, and the meaning of "invalid" if it is among them. */
export interface CertificateJudgement {
  readonly problems: CertificateProblem[];
  readonly reasons: InvalidReason[];
}

/**
 * Judges the certificates from the peer's own up to an authority. `verdict` is the TLS library's one word for the first problem that it met: it stops
 * there, so what else is wrong is found here.
 */
export function judgeCertificates(path: readonly X509Certificate[], verdict: string | null, name: string, now: number): CertificateJudgement {
  const [leaf] = path;
  if (leaf === undefined) return { problems: ["invalid"], reasons: [] };
  const problems = new Set<CertificateProblem>();
  if (now > Date.parse(leaf.validTo)) problems.add("expired");
  if (now < Date.parse(leaf.validFrom)) problems.add("not_yet_valid");
  if (!namesHost(leaf, name)) problems.add("name_mismatch");
  const found = weaknesses(path);
  const refusedFor = REASONS[verdict ?? ""];
  const reasons = found.length > 0 || refusedFor === undefined ? found : [refusedFor];
  if (verdict !== null) problems.add(VERDICTS[verdict] ?? "invalid");
  if (reasons.length > 0) problems.add("invalid");
  if (verdict !== null && isSelfSigned(leaf)) problems.add("self_signed");
  return { problems: [...problems], reasons };
}

const VERDICTS: Readonly<Record<string, CertificateProblem>> = {
  CERT_HAS_EXPIRED: "expired",
  CERT_NOT_YET_VALID: "not_yet_valid",
  DEPTH_ZERO_SELF_SIGNED_CERT: "self_signed",
  SELF_SIGNED_CERT_IN_CHAIN: "self_signed_in_chain",
  UNABLE_TO_GET_ISSUER_CERT: "incomplete_chain",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "incomplete_chain",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "incomplete_chain",
  CERT_UNTRUSTED: "untrusted_issuer",
  CERT_REVOKED: "revoked",
};

const REASONS: Readonly<Record<string, InvalidReason>> = {
  PATH_LENGTH_EXCEEDED: "path_length",
  INVALID_PURPOSE: "wrong_purpose",
};

/** Whether the certificate is for this host. Only subject alternative names count (RFC 6125, section 6.4.4, leaves the CN to history). */
export function namesHost(certificate: X509Certificate, name: string): boolean {
  if (isIP(name) !== 0) return certificate.checkIP(name) !== undefined;
  return certificate.checkHost(name, { subject: "never", wildcards: true, partialWildcards: false, multiLabelWildcards: false }) !== undefined;
}

function oneLine(name: string | undefined): string {
  return (name ?? "").replaceAll("\n", ", ");
}

const MAX_NAMES = 100;

function alternativeNames(certificate: X509Certificate): string[] {
  return (certificate.subjectAltName ?? "")
    .split(", ")
    .filter((name) => name !== "")
    .slice(0, MAX_NAMES);
}
