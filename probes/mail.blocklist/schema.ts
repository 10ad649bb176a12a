import { blocklistAnswerSchema, blocklistSchema, blocklistZones } from "../../schemas/blocklist.js";
import { outputOf } from "../../schemas/carried.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import { dnsInput } from "../../schemas/dns.js";
import { findingSchema } from "../../schemas/finding.js";
import { networkInput } from "../../schemas/network.js";
import { list } from "../../schemas/shape.js";

/** Not part of the type: whoever reads the input looks at each field anyway. */
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
      description: "The addresses that mail is sent from, IPv4 and IPv6.",
    },
    domains: {
      type: "array",
      minItems: 1,
      maxItems: 64,
      items: { type: "string", format: "domain" },
      description: "The domains of senders, signatures and links, also in letters that are not ASCII.",
    },
    address_lists: {
      ...blocklistZones,
      description: "The zones of lists of addresses, instead of well-known ones. One that is not known is asked for both families.",
    },
    domain_lists: { ...blocklistZones, description: "The zones of lists of domains, instead of well-known ones." },
    severity: { enum: ["error", "warning"], default: "error", description: "What a listing makes of the run." },
    ...dnsInput,
    timeout_ms: networkInput.timeout_ms,
  },
  additionalProperties: false,
  ...rules,
});

const output = contract({
  title: "mail.blocklist 1.0.0 output",
  ...outputOf({
    listed: { type: "integer", description: "How many answers say listed." },
    not_listed: { type: "integer", description: "How many say not_listed." },
    unknown: { type: "integer", description: "How many are unknown." },
    answers: list(blocklistAnswerSchema, "One for each target and each list of its kind."),
    lists: list(blocklistSchema, "One for each list and each kind it was asked for."),
    findings: list(findingSchema, "What was judged, and why the status is not ok."),
  }),
});

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
