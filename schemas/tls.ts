import type { FromSchema } from "json-schema-to-ts";
import { secretSchema, textOrSecret } from "./secret.js";
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

/** Why a certificate is "invalid". A field of their own: the released list of problems is closed. */
export const INVALID_REASONS = ["weak_signature", "weak_key", "name_constraints", "not_an_authority", "path_length", "wrong_purpose"] as const;
export type InvalidReason = (typeof INVALID_REASONS)[number];

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
  key_bits: nullable({ type: "integer" }, "Bits of the RSA modulus, or of the order of the curve."),
  signature_algorithm: nullable({ type: "string" }, "What its issuer signed it with, as sha256WithRSAEncryption."),
  signature_hash: nullable({ type: "string" }, "The hash of that signature; null where the algorithm brings its own."),
  self_signed: { type: "boolean" },
});
export type Certificate = FromSchema<typeof certificateSchema>;

/** The facts of a TLS session, recorded even if the certificate is not trusted. */
export const tlsFactsSchema = record({
  version: { type: "string" },
  cipher: { type: "string" },
  alpn: nullable(
    { type: "string" },
    "The application protocol that the server chose (RFC 7301). imap, pop3 and managesieve are offered; SMTP has no name in TLS.",
  ),
  servername: nullable({ type: "string" }, "The name sent as SNI; null for an address."),
  authorised: { type: "boolean", description: "True if the certificate is currently trusted for this host." },
  problems: list({ enum: CERTIFICATE_PROBLEMS }, "Everything that is wrong with the certificate."),
  invalid_reasons: list(
    { enum: INVALID_REASONS },
    "What problems means by invalid, as far as it is known. weak_signature: SHA-1 or MD5 below the authority. weak_key: RSA of less than 2048 bits, EC of less than 224. name_constraints: an authority above it may not sign for its names.",
  ),
  problem_detail: nullable({ type: "string" }, "The TLS library's code for the first problem."),
  certificate: nullable(certificateSchema),
  chain: list(certificateSchema, "As the server sent it, the server's own certificate first; nothing is left out, added or sorted."),
  verified_chain: list(certificateSchema, "The path from the server's own certificate to the trusted authority; empty unless it leads to one."),
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

/** For servers that recognise a client by its certificate; it is sent to no other server. */
export const tlsClientInput = {
  client_certificate: textOrSecret(
    { type: "string", minLength: 1, maxLength: 65_536 },
    "A certificate in PEM to show to a server that asks for one, with those that lead to its authority; or a reference to it.",
  ),
  client_key: { ...secretSchema, description: "The private key of client_certificate in PEM, or a reference to it." },
} as const;

const tlsInputRecord = { type: "object", properties: { ...tlsInput, ...tlsClientInput }, required: [], additionalProperties: false } as const;
export type TlsInput = FromSchema<typeof tlsInputRecord>;
