import type { FromSchema } from "json-schema-to-ts";
import { list, nullable, record } from "./shape.js";

export const TLS_VERSIONS = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"] as const;

/** Certificate problems, each reported separately: a certificate may be expired, self-signed and issued for another name. */
export const CERTIFICATE_PROBLEMS = [
  "expired",
  "not_yet_valid",
  "name_mismatch",
  "self_signed",
  "self_signed_in_chain",
  "incomplete_chain",
  "untrusted_issuer",
  "revoked",
  "invalid",
] as const;
export type CertificateProblem = (typeof CERTIFICATE_PROBLEMS)[number];

const certificateSchema = record({
  subject: { type: "string" },
  issuer: { type: "string" },
  subject_alternative_names: list({ type: "string" }),
  not_before: { type: "string" },
  not_after: { type: "string" },
  days_left: { type: "number", description: "Negative once it has expired." },
  serial_number: { type: "string" },
  fingerprint_sha256: { type: "string" },
  key_type: { type: "string" },
  key_bits: nullable({ type: "integer" }),
  self_signed: { type: "boolean" },
});
export type Certificate = FromSchema<typeof certificateSchema>;

/** The facts of a TLS session, recorded even if the certificate is not trusted. */
export const tlsFactsSchema = record({
  version: { type: "string" },
  cipher: { type: "string" },
  alpn: nullable({ type: "string" }),
  servername: nullable({ type: "string" }, "The name sent as SNI; null for an address."),
  authorised: { type: "boolean", description: "True if the certificate is currently trusted for this host." },
  problems: list({ enum: CERTIFICATE_PROBLEMS }, "Everything that is wrong with the certificate."),
  problem_detail: nullable({ type: "string" }, "The TLS library's code for the first problem."),
  certificate: nullable(certificateSchema),
  chain: list(certificateSchema, "As the server sent it, the server's own certificate first."),
});
export type TlsFacts = FromSchema<typeof tlsFactsSchema>;

/** How a probe secures its connection, and how it judges what it finds. */
export const tlsInput = {
  verify: {
    enum: ["ignore", "report", "require"],
    default: "report",
    description: "What to do with an untrusted certificate: ignore = record it, report = warn, require = fail.",
  },
  warn_days: { type: "integer", minimum: 0, maximum: 3650, default: 14, description: "Warn if the certificate expires within this number of days." },
  servername: { type: "string", format: "host", description: "The name to send as SNI and to verify; the target host by default." },
  min_version: { enum: TLS_VERSIONS, default: "TLSv1.2", description: "Oldest TLS version to accept." },
  ca: { type: "string", maxLength: 65_536, description: "PEM certificates to trust in addition to the system's." },
} as const;

const tlsInputRecord = { type: "object", properties: tlsInput, required: [], additionalProperties: false } as const;
export type TlsInput = FromSchema<typeof tlsInputRecord>;
