import { DNSSEC_STATES } from "../../runner/posture/dnssec/examine.js";
import { outputOf } from "../../schemas/carried.js";
import { checkSchema } from "../../schemas/check.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import { dnsInput } from "../../schemas/dns.js";
import { findingSchema } from "../../schemas/finding.js";
import { networkInput } from "../../schemas/network.js";
import { list, nullable, record } from "../../schemas/shape.js";

const input = contract({
  title: "mail.dnssec 1.0.0 input",
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
  title: "mail.dnssec 1.0.0 output",
  ...outputOf({
    domain: { type: "string", description: "In A-labels." },
    zones: list(
      record({
        name: { type: "string" },
        state: {
          enum: DNSSEC_STATES,
          description: "According to the name servers, which must validate. bogus: they fail, and answer with validation switched off.",
        },
        reason: nullable({ type: "string" }, "Why it is bogus or unknown."),
      }),
      "The domain, and each of its mail hosts.",
    ),
    checks: list(checkSchema),
    findings: list(findingSchema),
  }),
});

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
