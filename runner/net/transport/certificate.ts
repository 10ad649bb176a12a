import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import type { DetailedPeerCertificate, TLSSocket } from "node:tls";
import type { Certificate, CertificateProblem } from "../../../schemas/tls.js";
import type { Connection } from "./connection.js";

const DAY_MS = 86_400_000;

/** A peer's certificates as it sent them, its own first. */
export function peerChain(socket: TLSSocket): X509Certificate[] {
  const chain: X509Certificate[] = [];
  const seen = new Set<string>();
  // Node follows each certificate to its issuer; a root that the peer did not send may stand at the end, and refers to itself.
  let link: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  while (link?.raw !== undefined && !seen.has(link.fingerprint256)) {
    seen.add(link.fingerprint256);
    chain.push(new X509Certificate(link.raw));
    link = link.issuerCertificate;
  }
  return chain;
}

/** The chain of a connection that was secured. */
export function peerChainOf({ tls, socket }: Connection): X509Certificate[] {
  return tls === null ? [] : peerChain(socket as TLSSocket);
}

export function describeCertificate(certificate: X509Certificate, now: number): Certificate {
  const { publicKey } = certificate;
  const details = publicKey.asymmetricKeyDetails;
  return {
    subject: oneLine(certificate.subject),
    issuer: oneLine(certificate.issuer),
    subject_alternative_names: alternativeNames(certificate),
    not_before: new Date(certificate.validFrom).toISOString(),
    not_after: new Date(certificate.validTo).toISOString(),
    days_left: Math.floor((Date.parse(certificate.validTo) - now) / DAY_MS),
    serial_number: certificate.serialNumber.toLowerCase(),
    fingerprint_sha256: certificate.fingerprint256.replaceAll(":", "").toLowerCase(),
    key_type: details?.namedCurve ?? publicKey.asymmetricKeyType ?? "unknown",
    key_bits: details?.modulusLength ?? null,
    self_signed: isSelfSigned(certificate),
  };
}

/** What is wrong with the chain, each thing on its own. `verdict` is the TLS library's one word for the first it met. */
export function certificateProblems(chain: readonly X509Certificate[], verdict: string | null, name: string, now: number): CertificateProblem[] {
  const [leaf] = chain;
  if (leaf === undefined) return ["invalid"];
  const problems = new Set<CertificateProblem>();
  if (now > Date.parse(leaf.validTo)) problems.add("expired");
  if (now < Date.parse(leaf.validFrom)) problems.add("not_yet_valid");
  if (!namesHost(leaf, name)) problems.add("name_mismatch");
  if (verdict !== null) problems.add(VERDICTS[verdict] ?? "invalid");
  // The library stops at the first problem, so for an expired certificate it does not report that it is also self-signed.
  if (isSelfSigned(leaf) && verdict !== null) problems.add("self_signed");
  return [...problems];
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

/** Whether the certificate is for this host. Only subject alternative names count (RFC 6125, section 6.4.4, leaves the CN to history). */
export function namesHost(certificate: X509Certificate, name: string): boolean {
  if (isIP(name) !== 0) return certificate.checkIP(name) !== undefined;
  return certificate.checkHost(name, { subject: "never", wildcards: true, partialWildcards: false, multiLabelWildcards: false }) !== undefined;
}

function isSelfSigned(certificate: X509Certificate): boolean {
  return certificate.subject === certificate.issuer && certificate.verify(certificate.publicKey);
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
