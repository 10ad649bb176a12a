import type { FromSchema } from "json-schema-to-ts";
import { list, nullable, record } from "./shape.js";

/** The TLS policy of a mail host and the outcome of a session under it, in the shapes shared by deliveries. */

export const TLS_LEVELS = ["none", "may", "encrypt", "verify", "fingerprint", "dane"] as const;
export type TlsLevel = (typeof TLS_LEVELS)[number];

const TLS_SOURCES = ["dane", "mta_sts", "configured", "require_tls", "tls_required_no", "opportunistic"] as const;

export const tlsRuleSchema = record({
  level: {
    enum: TLS_LEVELS,
    description:
      "none: plain text. may: TLS if it is offered, with any certificate. encrypt: TLS with any certificate. verify: TLS with a certificate trusted for the name. fingerprint: TLS with a known certificate. dane: TLS with a certificate that matches the TLSA records.",
  },
  source: { enum: TLS_SOURCES, description: "The source of the policy." },
  testing: { type: "boolean", description: "True for an MTA-STS policy in testing mode: violations are reported, and the message is delivered anyway." },
  reason: { type: "string", description: "A readable explanation." },
});
export type TlsRule = FromSchema<typeof tlsRuleSchema>;

/** RFC 8460, section 4.3: how a session can violate its policy. */
export const TLS_RESULT_TYPES = [
  "starttls-not-supported",
  "certificate-host-mismatch",
  "certificate-expired",
  "certificate-not-trusted",
  "validation-failure",
  "tlsa-invalid",
  "dnssec-invalid",
  "dane-required",
  "sts-policy-fetch-error",
  "sts-policy-invalid",
  "sts-webpki-invalid",
] as const;
export type TlsResultType = (typeof TLS_RESULT_TYPES)[number];

/** One session, as counted in a TLS report (RFC 8460, section 4.4). */
export const tlsResultSchema = record({
  policy_type: { enum: ["tlsa", "sts", "no-policy-found"] },
  policy_domain: { type: "string", description: "The recipient's domain; for tlsa, the name of the TLSA records." },
  policy_string: list({ type: "string" }, "The policy as published, as a list of lines or records."),
  mx_host: list({ type: "string" }, "The mx patterns of an MTA-STS policy."),
  receiving_mx_hostname: nullable({ type: "string" }, "Null if the policy itself could not be obtained."),
  result_type: nullable({ enum: TLS_RESULT_TYPES }, "Null for a session that satisfies its policy."),
  failure_reason_code: nullable({ type: "string" }, "More about the failure."),
});
export type TlsResult = FromSchema<typeof tlsResultSchema>;
