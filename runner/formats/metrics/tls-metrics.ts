import type { Carried } from "../../../schemas/carried.js";
import type { TlsFacts } from "../../../schemas/tls.js";
import { type Series, series } from "./series.js";

/** Also of a certificate that has expired or is not trusted: an alert on the expiry must not vanish when it is due. */
export function tlsMetrics(carried: Carried): Series[] {
  const tls = tlsFactsOf(carried);
  if (tls === null) return [];
  return [
    ...series("probe_ssl_earliest_cert_expiry", earliest(tls.chain.length === 0 && tls.certificate !== null ? [tls.certificate] : tls.chain)),
    ...series("probe_ssl_last_chain_expiry_timestamp_seconds", earliest(tls.verified_chain)),
    ...(tls.certificate === null ? [] : series("probe_ssl_last_chain_info", 1, certificateLabels(tls.certificate))),
    ...series("probe_tls_version_info", 1, { version: tls.version.replace(/^TLSv1$/, "TLS 1.0").replace(/^TLSv/, "TLS ") }),
    ...series("probe_tls_cipher_info", 1, { cipher: tls.cipher }),
  ];
}

interface Seen {
  readonly tls?: unknown;
  readonly hops?: readonly { readonly tls?: unknown }[];
  readonly answers?: readonly { readonly tls?: unknown }[];
}

/** Of the connection that counts: the last redirect's, or the first answer's. */
function tlsFactsOf(carried: Carried): TlsFacts | null {
  const { tls, hops, answers } = carried as Seen;
  const found = tls ?? hops?.at(-1)?.tls ?? answers?.[0]?.tls ?? null;
  return isTlsFacts(found) ? found : null;
}

/** A probe from elsewhere may give its fields these names, and other values. */
function isTlsFacts(value: unknown): value is TlsFacts {
  if (value === null || typeof value !== "object") return false;
  const { version, cipher, chain, verified_chain, certificate } = value as Partial<TlsFacts>;
  return typeof version === "string" && typeof cipher === "string" && Array.isArray(chain) && Array.isArray(verified_chain) && typeof certificate === "object";
}

function earliest(certificates: readonly { readonly not_after: string }[]): number | null {
  const moments = certificates.map(({ not_after }) => Date.parse(not_after) / 1000);
  return moments.length === 0 ? null : Math.min(...moments);
}

function certificateLabels(certificate: NonNullable<TlsFacts["certificate"]>): Record<string, string> {
  return {
    fingerprint_sha256: certificate.fingerprint_sha256.replaceAll(":", "").toLowerCase(),
    issuer: certificate.issuer,
    subject: certificate.subject,
    subjectalternative: certificate.subject_alternative_names.join(","),
    serialnumber: certificate.serial_number.toLowerCase(),
  };
}
