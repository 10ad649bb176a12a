import { outputOf } from "../../schemas/carried.js";
import { checkSchema } from "../../schemas/check.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import { DMARC_POLICIES } from "../../schemas/dmarc.js";
import { dnsInput } from "../../schemas/dns.js";
import { findingSchema } from "../../schemas/finding.js";
import { networkInput } from "../../schemas/network.js";
import { list, nullable, record } from "../../schemas/shape.js";

const input = contract({
  title: "mail.dmarc 1.0.0 input",
  type: "object",
  properties: {
    domain: { type: "string", format: "domain", description: "The domain in From." },
    ...dnsInput,
    timeout_ms: networkInput.timeout_ms,
  },
  required: ["domain"],
  additionalProperties: false,
});

const policy = nullable({ enum: DMARC_POLICIES });

const output = contract({
  title: "mail.dmarc 1.0.0 output",
  ...outputOf({
    domain: { type: "string", description: "In A-labels." },
    result: { enum: ["found", "none", "unknown"], description: "unknown: a name server did not answer." },
    organizational_domain: nullable({ type: "string" }),
    policy_domain: nullable({ type: "string" }, "The domain whose record applies."),
    record: nullable({ type: "string" }, "The record that applies."),
    policy: { ...policy, description: "What the record asks for messages of this domain." },
    effective_policy: { ...policy, description: "The same, one lower with t=y." },
    subdomain_policy: policy,
    non_existent_policy: { ...policy, description: "For subdomains that do not exist (np=)." },
    report_addresses: list({ type: "string" }, "Where aggregate reports go (rua=)."),
    walk: list(
      record({
        domain: { type: "string" },
        records: { type: "integer", description: "DMARC records at the name: of two or more, none counts." },
        record: nullable({ type: "string" }),
      }),
      "The names that were asked (RFC 9989, 4.10).",
    ),
    checks: list(checkSchema, "The rules of RFC 9989 and RFC 9990, and how the record fares by each."),
    findings: list(findingSchema),
  }),
});

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
