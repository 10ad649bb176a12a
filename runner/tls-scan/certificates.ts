import { createHash, X509Certificate } from "node:crypto";
import type { TlsScanFacts } from "../../schemas/tls-scan.js";
import { readCertificate } from "../asn1/certificate.js";
import { Asn1Error } from "../asn1/decode-ber.js";
import { describeCertificate, namesHost } from "../net/transport/certificate.js";
import type { ChainSeen } from "./scan.js";

type Certificate = TlsScanFacts["certificates"][number];

const DAY_MS = 86_400_000;

/** Each certificate of the server's own once: that one is sent with and without SNI is no second one. */
export function describeChains(chains: readonly ChainSeen[], name: string): Certificate[] {
  const seen = new Map<string, Certificate>();
  for (const { servername, chain } of chains) {
    const leaf = chain[0] as Buffer;
    const key = createHash("sha256").update(leaf).digest("hex");
    const described = seen.has(key) ? null : describe(leaf, chain, servername, name);
    if (described !== null) seen.set(key, described);
  }
  return [...seen.values()];
}

/** Null for bytes that are no certificate: the handshake's own failure says so. */
function describe(leaf: Buffer, chain: readonly Buffer[], servername: string | null, name: string): Certificate | null {
  try {
    const certificate = new X509Certificate(leaf);
    const details = readCertificate(leaf);
    const { subject, issuer, subject_alternative_names, not_before, not_after, days_left, serial_number, fingerprint_sha256 } = describeCertificate(
      certificate,
      Date.now(),
    );
    return {
      servername,
      ...{ subject, issuer, subject_alternative_names, not_before, not_after, days_left },
      lifetime_days: Math.round((Date.parse(not_after) - Date.parse(not_before)) / DAY_MS),
      ...{ serial_number, fingerprint_sha256 },
      key_algorithm: details.key_algorithm,
      curve: details.curve,
      key_bits: details.key_bits,
      signature_algorithm: details.signature_algorithm,
      signature_hash: details.signature_hash,
      must_staple: details.must_staple,
      timestamps: details.timestamps.length,
      matches_name: namesHost(certificate, name),
      certificates_sent: chain.length,
      chain_is_ordered: isOrdered(chain),
    };
  } catch (error) {
    // Node's own error has a code of OpenSSL's.
    if (error instanceof Asn1Error || (error as NodeJS.ErrnoException).code?.startsWith("ERR_OSSL") === true) return null;
    throw error;
  }
}

/** RFC 5246, 7.4.2: each certificate certifies the one before it. */
function isOrdered(chain: readonly Buffer[]): boolean {
  const certificates = chain.map((raw) => new X509Certificate(raw));
  return certificates.every((certificate, index) => {
    const issuer = certificates[index + 1];
    return issuer === undefined || certificate.checkIssued(issuer);
  });
}
