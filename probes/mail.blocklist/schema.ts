import { blocklistAnswerSchema, blocklistSchema, blocklistZones } from "../../schemas/blocklist.js";
import { outputOf } from "../../schemas/carried.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import { dnsInput } from "../../schemas/dns.js";
import { findingSchema } from "../../schemas/finding.js";
import { networkInput } from "../../schemas/network.js";
import { list } from "../../schemas/shape.js";

/** Not part of the type: the code checks each field anyway. */
const rules: object = {
  allOf: [{ anyOf: ["addresses", "domains"].map((name) => ({ properties: { [name]: {} }, required: [name] })) }],
  examples: [{ addresses: ["192.0.2.7"] }],
};

const input = contract({
  title: "mail.blocklist 1.0.0 input",
  type: "object",
  properties: {
    addresses: {
      type: "array",
      minItems: 1,
      maxItems: 64,
      items: { type: "string", format: "address" },
      description: "The IPv4 and IPv6 addresses that send mail.",
    },
    domains: {
      type: "array",
      minItems: 1,
      maxItems: 64,
      items: { type: "string", format: "domain" },
      description: "The domains of senders, signatures and links; internationalised domain names are allowed.",
    },
    address_lists: {
      ...blocklistZones,
      description: "Zones of IP address lists, instead of the well-known ones. An unknown list is queried for both address families.",
    },
    domain_lists: { ...blocklistZones, description: "Zones of domain lists, instead of the well-known ones." },
    severity: { enum: ["error", "warning"], default: "error", description: "Severity of a listing." },
    ...dnsInput,
    timeout_ms: networkInput.timeout_ms,
  },
  additionalProperties: false,
  ...rules,
});

const output = contract({
  title: "mail.blocklist 1.0.0 output",
  ...outputOf({
    listed: { type: "integer", description: "Number of answers with the result listed." },
    not_listed: { type: "integer", description: "Number of answers with the result not_listed." },
    unknown: { type: "integer", description: "Number of answers with the result unknown." },
    answers: list(blocklistAnswerSchema, "One answer for each target and each list of its kind."),
    lists: list(blocklistSchema, "One record for each list and each kind it was queried for."),
    findings: list(findingSchema, "Judgements that explain why the status is not ok."),
  }),
});

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
