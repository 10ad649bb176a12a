import type { FromSchema } from "json-schema-to-ts";
import { list, nullable, record } from "./shape.js";

/** Which TLS a mail host is owed, and what a session with it came to, in the shapes that deliveries share. */

export const TLS_LEVELS = ["none", "may", "encrypt", "verify", "fingerprint", "dane"] as const;
export type TlsLevel = (typeof TLS_LEVELS)[number];

const TLS_SOURCES = ["dane", "mta_sts", "configured", "require_tls", "tls_required_no", "opportunistic"] as const;

export const tlsRuleSchema = record({
  level: {
    enum: TLS_LEVELS,
    description:
      "none: in plain text. may: TLS where it is offered, whatever the certificate is. encrypt: TLS, whatever the certificate is. verify: a certificate that is trusted for the name. fingerprint: one of the certificates that are known. dane: one that the TLSA records vouch for.",
  },
  source: { enum: TLS_SOURCES, description: "Who demands it." },
  testing: { type: "boolean", description: "An MTA-STS policy in testing mode: what does not hold to it is counted, and delivered to all the same." },
  reason: { type: "string", description: "The same for a person." },
});
export type TlsRule = FromSchema<typeof tlsRuleSchema>;

/** RFC 8460, section 4.3: how a session can fail what its policy demands. */
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

/** One session as a TLS report counts it (RFC 8460, section 4.4). */
export const tlsResultSchema = record({
  policy_type: { enum: ["tlsa", "sts", "no-policy-found"] },
  policy_domain: { type: "string", description: "The recipient's domain; for tlsa, the name that the records stand at." },
  policy_string: list({ type: "string" }, "The policy as it was published, by lines or records."),
  mx_host: list({ type: "string" }, "The mx patterns of an MTA-STS policy."),
  receiving_mx_hostname: nullable({ type: "string" }, "Null where the policy itself could not be had."),
  result_type: nullable({ enum: TLS_RESULT_TYPES }, "Null for a session that holds to its policy."),
  failure_reason_code: nullable({ type: "string" }, "More about the failure."),
});
export type TlsResult = FromSchema<typeof tlsResultSchema>;
