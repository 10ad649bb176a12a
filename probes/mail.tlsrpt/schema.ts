import { TLSRPT_STATES } from "../../runner/posture/tlsrpt/examine.js";
import { outputOf } from "../../schemas/carried.js";
import { checkSchema } from "../../schemas/check.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import { dnsInput } from "../../schemas/dns.js";
import { findingSchema } from "../../schemas/finding.js";
import { networkInput } from "../../schemas/network.js";
import { list, nullable } from "../../schemas/shape.js";

const input = contract({
  title: "mail.tlsrpt 1.0.0 input",
  type: "object",
  properties: {
    domain: { type: "string", format: "domain", description: "The domain that mail is sent to." },
    ...dnsInput,
    timeout_ms: networkInput.timeout_ms,
  },
  required: ["domain"],
  additionalProperties: false,
});

const output = contract({
  title: "mail.tlsrpt 1.0.0 output",
  ...outputOf({
    domain: { type: "string", description: "In A-labels." },
    state: { enum: TLSRPT_STATES, description: "unknown: no answer was obtained." },
    rua: list({ type: "string" }, "Where reports go."),
    problem: nullable({ type: "string" }, "Why the record is invalid or unknown."),
    texts: list({ type: "string" }, "The TXT records at _smtp._tls."),
    checks: list(checkSchema, "The rules of RFC 8460, and how the record fares by each."),
    findings: list(findingSchema),
  }),
});

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
