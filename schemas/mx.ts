import type { FromSchema } from "json-schema-to-ts";
import { ADDRESS_SCOPES } from "./address-scope.js";
import { dnsOutcomeSchema } from "./dns.js";
import { list, nullable, record } from "./shape.js";

/** The mail route of a domain, in the shapes shared by all mail probes. */

export const MAIL_ROUTE_KINDS = ["mx", "implicit", "null_mx", "none", "unknown"] as const;
export type MailRouteKind = (typeof MAIL_ROUTE_KINDS)[number];

const mailAddressSchema = record({
  ip_address: { type: "string" },
  ttl_s: nullable({ type: "integer" }),
  scope: { enum: ADDRESS_SCOPES, description: "The scope of the address; only global ones can be a public mail server." },
  standard: nullable({ type: "string" }, "The standard that defines the scope; null for a global address."),
  may_be_dialled: { type: "boolean", description: "False for an address that is not global, unless the input allows such addresses." },
});
export type MailAddress = FromSchema<typeof mailAddressSchema>;

export const TARGET_PROBLEMS = ["address", "localhost", "not_a_name", "not_a_host_name"] as const;
export type TargetProblem = (typeof TARGET_PROBLEMS)[number];

export const mailHostSchema = record({
  host: { type: "string", description: "In lower case, without the trailing dot." },
  preference: { type: "integer", description: "The lowest is tried first." },
  problem: nullable({ enum: TARGET_PROBLEMS }, "Why the name cannot or should not be a mail host; null if nothing is wrong."),
  aliases: list({ type: "string" }, "The CNAME targets it leads through, which RFC 5321, section 5.1, forbids."),
  ipv4: nullable(dnsOutcomeSchema, "The outcome of the A query; null if it was not made."),
  ipv6: nullable(dnsOutcomeSchema, "The outcome of the AAAA query; null if it was not made."),
  authenticated_data: { type: "boolean", description: "The name servers validated its addresses with DNSSEC." },
  addresses: list(mailAddressSchema, "In the order in which to try them."),
});
export type MailHost = FromSchema<typeof mailHostSchema>;

export const mailRouteProperties = {
  ascii_domain: { type: "string", description: "The domain as it was queried, in A-labels." },
  kind: {
    enum: MAIL_ROUTE_KINDS,
    description:
      "mx: the domain has MX records. implicit: it has no MX record and is its own mail host. null_mx: it accepts no mail (RFC 7505). none: mail cannot be delivered. unknown: the name servers gave no answer.",
  },
  outcome: nullable(dnsOutcomeSchema, "The outcome of the MX query; null if it was not made."),
  hosts: list(mailHostSchema, "In the order in which to try them: by preference, in random order if equal."),
  null_mx: { type: "boolean", description: "A null MX record exists, alone or (a misconfiguration) beside other MX records." },
  aliases: list({ type: "string" }, "The CNAME targets that the domain leads through."),
  ttl_s: nullable({ type: "integer" }, "Remaining time to live of the MX answer; null if there is none."),
  from_cache: { type: "boolean" },
  authenticated_data: {
    type: "boolean",
    description: "The name servers validated the MX answer with DNSSEC. This is only as reliable as those servers and the path to them.",
  },
  name_server: nullable({ type: "string" }, "Who answered."),
} as const;

const mailRouteRecord = record(mailRouteProperties);
export type MailRoute = FromSchema<typeof mailRouteRecord>;
