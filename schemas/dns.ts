import type { FromSchema } from "json-schema-to-ts";
import { networkInput } from "./network.js";

/** Outcomes of a DNS query. The first three are answers; the others say why there is none. */
export const DNS_OUTCOMES = ["found", "no_data", "no_such_name", "server_failure", "refused", "unusable_reply", "unreachable", "timeout"] as const;
export type DnsOutcome = (typeof DNS_OUTCOMES)[number];

export const dnsOutcomeSchema = {
  enum: DNS_OUTCOMES,
  description:
    "no_data: the name exists but has no such record. no_such_name: NXDOMAIN. server_failure and all after it are temporary: no answer was obtained.",
} as const;

/** DNS input fields of probes that query name servers themselves. */
export const dnsInput = {
  resolver: { ...networkInput.resolver, description: "Name servers to use, in this order, instead of the system's." },
  query_timeout_ms: {
    type: "integer",
    minimum: 1,
    maximum: 60_000,
    default: 2000,
    description: "How long to wait for one server before also querying the next.",
  },
  lookup_timeout_ms: { type: "integer", minimum: 1, maximum: 600_000, default: 6000, description: "Timeout of one query, over all servers and retries." },
  cache: {
    enum: ["use", "refresh", "off"],
    default: "use",
    description:
      "use: answer from the cache until the time to live ends; failures are cached for five seconds. refresh: query again and cache the answer. off: no cache.",
  },
} as const;

const dnsInputRecord = { type: "object", properties: dnsInput, required: [], additionalProperties: false } as const;
export type DnsInput = FromSchema<typeof dnsInputRecord>;
