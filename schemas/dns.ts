import type { FromSchema } from "json-schema-to-ts";
import { networkInput } from "./network.js";

/** What a question to the name servers comes to. The first three are answers; the rest says why there is none. */
export const DNS_OUTCOMES = ["found", "no_data", "no_such_name", "server_failure", "refused", "unusable_reply", "unreachable", "timeout"] as const;
export type DnsOutcome = (typeof DNS_OUTCOMES)[number];

export const dnsOutcomeSchema = {
  enum: DNS_OUTCOMES,
  description: "no_data: the name exists, without such a record. no_such_name: NXDOMAIN. All from server_failure on are temporary: nobody knows.",
} as const;

/** How name servers are asked, for probes that do so themselves. */
export const dnsInput = {
  resolver: { ...networkInput.resolver, description: "Asks these name servers, in this order, instead of the system's." },
  query_timeout_ms: {
    type: "integer",
    minimum: 1,
    maximum: 60_000,
    default: 2000,
    description: "How long one server may be silent before the next is asked beside it.",
  },
  lookup_timeout_ms: { type: "integer", minimum: 1, maximum: 600_000, default: 6000, description: "For one question, over all servers and tries." },
  cache: {
    enum: ["use", "refresh", "off"],
    default: "use",
    description:
      "use: what is known is not asked again while its time to live lasts, and what failed not for five seconds. refresh: asks, and keeps the answer. off: neither.",
  },
} as const;

const dnsInputRecord = { type: "object", properties: dnsInput, required: [], additionalProperties: false } as const;
export type DnsInput = FromSchema<typeof dnsInputRecord>;
