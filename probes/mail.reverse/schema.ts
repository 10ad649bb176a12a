import { SPF_RESULTS } from "../../runner/mail/spf/check-host.js";
import { outputOf } from "../../schemas/carried.js";
import { checkSchema } from "../../schemas/check.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import { dnsInput, dnsOutcomeSchema } from "../../schemas/dns.js";
import { findingSchema } from "../../schemas/finding.js";
import { networkInput } from "../../schemas/network.js";
import { list, nullable, record } from "../../schemas/shape.js";

const input = contract({
  title: "mail.reverse 1.0.0 input",
  type: "object",
  properties: {
    addresses: {
      type: "array",
      minItems: 1,
      maxItems: 50,
      items: { type: "string", format: "address" },
      examples: [["192.0.2.1"]],
      description: "The addresses that send mail.",
    },
    helo_domain: { type: "string", format: "domain", description: "The name that they give in EHLO." },
    domain: { type: "string", format: "domain", description: "A domain whose SPF record must allow them." },
    ...dnsInput,
    timeout_ms: networkInput.timeout_ms,
  },
  required: ["addresses"],
  additionalProperties: false,
});

const output = contract({
  title: "mail.reverse 1.0.0 output",
  ...outputOf({
    addresses: list(
      record({
        ip_address: { type: "string" },
        reverse_name: { type: "string", description: "Where its PTR records stand." },
        outcome: dnsOutcomeSchema,
        names: list({ type: "string" }, "Its PTR names, at most ten."),
        confirmed: list({ type: "string" }, "Those of them that have the address themselves."),
        is_unsure: { type: "boolean", description: "Some of the answers are missing." },
        helo_name: nullable({ type: "string" }),
        helo_confirmed: nullable({ type: "boolean" }, "The EHLO name has the address."),
        spf: nullable({ enum: SPF_RESULTS }, "SPF of the domain for the address."),
      }),
    ),
    checks: list(checkSchema),
    findings: list(findingSchema),
  }),
});

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
