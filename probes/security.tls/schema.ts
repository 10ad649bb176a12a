import { STARTTLS_PROTOCOLS } from "../../runner/net/starttls/preludes.js";
import { PROTOCOL_VERSIONS } from "../../runner/net/tls-hello/parameters.js";
import { outputOf } from "../../schemas/carried.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import { findingSchema } from "../../schemas/finding.js";
import { networkInput, networkOutput } from "../../schemas/network.js";
import { list, nullable, record } from "../../schemas/shape.js";
import { tlsFactsSchema, tlsInput } from "../../schemas/tls.js";
import { POLICY_NAMES } from "./policies.js";
import { CHECKS } from "./scan.js";

const VERSION_NAMES = Object.keys(PROTOCOL_VERSIONS);
const PREFERENCES = ["server", "client"] as const;

const input = contract({
  title: "security.tls 1.0.0 input",
  type: "object",
  properties: {
    target_host: { type: "string", format: "host", description: "The server's host name, or its IPv4 or IPv6 address." },
    target_port: { type: "integer", minimum: 1, maximum: 65535, default: 443, description: "The port to connect to." },
    starttls: { enum: STARTTLS_PROTOCOLS, description: "The protocol that is upgraded to TLS first; left out for TLS from the first byte." },
    servername: { type: "string", format: "host", description: "The name to send as SNI and to verify; the target host by default." },
    helo_domain: { type: "string", format: "host", description: "The name in EHLO and LHLO; the local address by default." },
    checks: {
      type: "array",
      uniqueItems: true,
      maxItems: CHECKS.length,
      items: { enum: CHECKS },
      description: "What to find out besides the protocol versions; everything by default.",
    },
    policy: { enum: POLICY_NAMES, default: "probe-run", description: "The policy that the server is judged by." },
    verify: {
      ...tlsInput.verify,
      description: "What to make of a certificate that is not trusted: ignore records it, report is a warning, require an error.",
    },
    warn_days: { ...tlsInput.warn_days, description: "Warn when a certificate expires within this number of days." },
    ca: tlsInput.ca,
    parallel: { type: "integer", minimum: 1, maximum: 16, default: 4, description: "Connections open at the same time." },
    budget: { type: "integer", minimum: 1, maximum: 1000, default: 100, description: "Connections in all; what is left to ask then is incomplete." },
    ...networkInput,
  },
  required: ["target_host"],
  additionalProperties: false,
});

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

const output = contract({
  title: "security.tls 1.0.0 output",
  ...outputOf({
    target_host: { type: "string" },
    target_port: { type: "integer" },
    ...networkOutput,
    servername: nullable({ type: "string" }, "The name sent as SNI; null for an address."),
    starttls: nullable({ type: "string" }),
    protocols: list(
      record({
        version: { enum: VERSION_NAMES },
        offered: nullable({ type: "boolean" }, "Null when it could not be found out."),
        suites: list({ type: "string" }, "IANA names, in the order in which the server picks them."),
        preference: nullable({ enum: PREFERENCES }, "Whose order decides; null when there is only one suite."),
      }),
      "SSLv3 to TLSv1.3.",
    ),
    groups: list({ type: "string" }, "Key exchange groups of any version, by their IANA names."),
    groups_by_version: list(record({ version: { enum: VERSION_NAMES }, groups: list({ type: "string" }), preference: nullable({ enum: PREFERENCES }) })),
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
      policy: { enum: POLICY_NAMES },
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
    findings: list(findingSchema),
  }),
});

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
