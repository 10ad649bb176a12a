import type { FromSchema } from "json-schema-to-ts";
import { list, nullable, record } from "./shape.js";
import { tlsFactsSchema } from "./tls.js";

/** What a scan asks besides the protocol versions, in the order in which it is asked; each may be left out. */
export const TLS_CHECKS = ["handshake", "certificates", "extensions", "fallback", "groups", "signature_schemes", "alpn", "suites"] as const;

export const TLS_POLICY_NAMES = ["mozilla-modern", "mozilla-intermediate", "mozilla-old", "probe-run"] as const;
export type TlsPolicyName = (typeof TLS_POLICY_NAMES)[number];

const SCANNED_VERSIONS = ["SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"] as const;
const PREFERENCES = ["server", "client"] as const;

const certificate = record({
  servername: nullable({ type: "string" }, "The SNI that was sent for it; null for none."),
  subject: { type: "string" },
  issuer: { type: "string" },
  subject_alternative_names: list({ type: "string" }),
  not_before: { type: "string" },
  not_after: { type: "string" },
  days_left: { type: "integer", description: "Negative once it has expired." },
  lifetime_days: { type: "integer", description: "From not_before to not_after." },
  serial_number: { type: "string" },
  fingerprint_sha256: { type: "string" },
  key_algorithm: { type: "string", description: "rsa, ec, ed25519 and so on; an object identifier when it has no name here." },
  curve: nullable({ type: "string" }, "The named curve of an EC key."),
  key_bits: nullable({ type: "integer" }),
  signature_algorithm: { type: "string" },
  signature_hash: nullable({ type: "string" }),
  must_staple: { type: "boolean", description: "RFC 7633: a response of OCSP has to be stapled." },
  timestamps: { type: "integer", description: "Certificate transparency timestamps in the certificate (RFC 6962)." },
  matches_name: { type: "boolean", description: "A subject alternative name fits the server name." },
  certificates_sent: { type: "integer", description: "Certificates that the server sent, this one included." },
  chain_is_ordered: { type: "boolean", description: "Each certificate is issued by the next one." },
});

const ruleSchema = record({
  rule: { type: "string", description: "A stable code." },
  severity: { enum: ["warning", "error"] },
  message: { type: "string" },
  evidence: list({ type: "string" }, "What broke the rule, by name."),
});

/** What a scan of one TLS server finds out, and the verdict of a policy on it. */
export const tlsScanSchema = record({
  servername: nullable({ type: "string" }, "The name sent as SNI; null for an address."),
  protocols: list(
    record({
      version: { enum: SCANNED_VERSIONS },
      offered: nullable({ type: "boolean" }, "Null when it could not be found out."),
      suites: list({ type: "string" }, "IANA names, in the order in which the server picks them."),
      preference: nullable({ enum: PREFERENCES }, "Whose order decides; null when there is only one suite."),
    }),
    "SSLv3 to TLSv1.3.",
  ),
  groups: list({ type: "string" }, "Key exchange groups of any version, by their IANA names."),
  groups_by_version: list(record({ version: { enum: SCANNED_VERSIONS }, groups: list({ type: "string" }), preference: nullable({ enum: PREFERENCES }) })),
  post_quantum: nullable({ type: "boolean" }, "A group that resists quantum computers is offered; null when groups were not asked for."),
  dh_bits: nullable({ type: "integer" }, "The smallest prime of a DHE exchange."),
  signature_schemes: list({ type: "string" }, "Schemes that sign a TLS 1.2 key exchange."),
  alpn: list({ type: "string" }, "Application protocols that the server picks."),
  certificates: list(certificate, "Every certificate that the server shows of its own: by kind of key, with and without SNI."),
  features: record({
    compression: nullable({ type: "boolean" }),
    secure_renegotiation: nullable({ type: "boolean" }, "RFC 5746."),
    extended_master_secret: nullable({ type: "boolean" }, "RFC 7627."),
    encrypt_then_mac: nullable({ type: "boolean" }, "RFC 7366."),
    session_tickets: nullable({ type: "boolean" }, "RFC 5077, in versions before TLS 1.3."),
    resumption: nullable({ type: "boolean" }, "A second handshake resumed the first one's session."),
    early_data_bytes: nullable({ type: "integer" }, "0-RTT data that a ticket allows; 0 for none."),
    fallback_scsv: nullable({ type: "boolean" }, "RFC 7507; null when only one version is offered."),
    ocsp_staple: nullable({ enum: ["good", "revoked", "unknown", "error", "none"] }, "The status that the server stapled. Its signature is not checked."),
  }),
  tls: nullable(tlsFactsSchema, "A whole handshake by this machine's TLS library."),
  verdict: record({
    policy: { enum: TLS_POLICY_NAMES },
    source: { type: "string" },
    policy_version: { type: "string" },
    result: { enum: ["met", "broken", "unknown"], description: "unknown: nothing breaks the policy, and not everything could be found out." },
    broken: list(ruleSchema),
  }),
  incomplete: list(
    record({ check: { type: "string" }, reason: { type: "string" } }),
    "What could not be found out, and why. It is not the same as not offered.",
  ),
  connections: { type: "integer", description: "Connections that were made." },
});
export type TlsScanFacts = FromSchema<typeof tlsScanSchema>;
