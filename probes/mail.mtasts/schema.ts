import { STS_POLICY_STATES, STS_RECORD_STATES } from "../../runner/posture/mtasts/examine.js";
import { outputOf } from "../../schemas/carried.js";
import { checkSchema } from "../../schemas/check.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import { dnsInput } from "../../schemas/dns.js";
import { findingSchema } from "../../schemas/finding.js";
import { networkInput } from "../../schemas/network.js";
import { list, nullable, record } from "../../schemas/shape.js";
import { tlsInput } from "../../schemas/tls.js";

const input = contract({
  title: "mail.mtasts 1.0.0 input",
  type: "object",
  properties: {
    domain: { type: "string", format: "domain", description: "The domain that mail is sent to." },
    policy_port: { type: "integer", minimum: 1, maximum: 65_535, default: 443, description: "Where the policy is served; other than 443 only in a lab." },
    ca: tlsInput.ca,
    allow_private_addresses: { type: "boolean", default: false, description: "Allow a policy host with an address that is not global." },
    ...dnsInput,
    connect_timeout_ms: networkInput.connect_timeout_ms,
    command_timeout_ms: networkInput.command_timeout_ms,
    timeout_ms: networkInput.timeout_ms,
  },
  required: ["domain"],
  additionalProperties: false,
});

const stsProperties = {
  record: record({
    state: { enum: STS_RECORD_STATES, description: "none: no record that senders take for MTA-STS. unknown: no answer was obtained." },
    id: nullable({ type: "string" }),
    problem: nullable({ type: "string" }, "Why the record is invalid or unknown."),
    near_misses: list({ type: "string" }, "Records that look like MTA-STS, and do not count."),
  }),
  policy: nullable(
    record({
      state: { enum: STS_POLICY_STATES, description: "missing: nothing is served there. unknown: no answer was obtained." },
      mode: nullable({ enum: ["enforce", "testing", "none"] }),
      mx: list({ type: "string" }, "The hosts that the policy allows."),
      max_age_s: nullable({ type: "number" }, "Seconds for which senders keep the policy, as published."),
      problem: nullable({ type: "string" }, "Why the policy is not valid."),
    }),
    "Null without a record: senders fetch none.",
  ),
  hosts: list(
    record({
      host: { type: "string" },
      is_allowed: { type: "boolean" },
      is_trusted: nullable({ type: "boolean" }, "The certificate is trusted for the host's name; null if the host was not asked."),
    }),
    "The domain's mail hosts, and whether the policy allows them.",
  ),
} as const;

const output = contract({
  title: "mail.mtasts 1.0.0 output",
  ...outputOf({
    domain: { type: "string", description: "In A-labels." },
    ...stsProperties,
    checks: list(checkSchema, "The rules of RFC 8461, and how the domain fares by each."),
    findings: list(findingSchema),
  }),
});

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
