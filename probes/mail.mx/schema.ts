import { outputOf } from "../../schemas/carried.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import { dnsInput } from "../../schemas/dns.js";
import { findingSchema } from "../../schemas/finding.js";
import { mailRouteProperties } from "../../schemas/mx.js";
import { networkInput } from "../../schemas/network.js";
import { list } from "../../schemas/shape.js";

const seed = { type: "integer", minimum: 0, maximum: 0xffff_ffff } as const;

const input = contract({
  title: "mail.mx 1.0.0 input",
  type: "object",
  properties: {
    domain: { type: "string", format: "domain", description: "The part of an email address after the @; internationalised domain names are allowed." },
    address_family: { ...networkInput.address_family, description: "Which addresses of the mail hosts to look up." },
    allow_private_addresses: {
      type: "boolean",
      default: false,
      description: "Allow addresses that are not global, such as loopback and private ones.",
    },
    seed: { ...seed, description: "Seed of the random order of hosts with equal preference; the same seed gives the same order." },
    ...dnsInput,
    timeout_ms: networkInput.timeout_ms,
  },
  required: ["domain"],
  additionalProperties: false,
});

const output = contract({
  title: "mail.mx 1.0.0 output",
  ...outputOf({
    domain: { type: "string" },
    ...mailRouteProperties,
    seed: { ...seed, description: "The seed of the order of hosts with equal preference." },
    findings: list(findingSchema, "Judgements that explain why the status is not ok."),
  }),
});

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
