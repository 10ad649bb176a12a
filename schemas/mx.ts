import type { FromSchema } from "json-schema-to-ts";
import { ADDRESS_SCOPES } from "./address-scope.js";
import { dnsOutcomeSchema } from "./dns.js";
import { list, nullable, record } from "./shape.js";

/** Where mail for a domain goes, in the shapes that every probe of mail shares. */

export const MAIL_ROUTE_KINDS = ["mx", "implicit", "null_mx", "none", "unknown"] as const;
export type MailRouteKind = (typeof MAIL_ROUTE_KINDS)[number];

const mailAddressSchema = record({
  ip_address: { type: "string" },
  ttl_s: nullable({ type: "integer" }),
  scope: { enum: ADDRESS_SCOPES, description: "What the address is for; only global ones are anybody's mail server." },
  standard: nullable({ type: "string" }, "Where the scope is written; null for a global address."),
  may_be_dialled: { type: "boolean", description: "False for an address that is not global, unless the input allows them." },
});
export type MailAddress = FromSchema<typeof mailAddressSchema>;

export const TARGET_PROBLEMS = ["address", "localhost", "not_a_name", "not_a_host_name"] as const;
export type TargetProblem = (typeof TARGET_PROBLEMS)[number];

export const mailHostSchema = record({
  host: { type: "string", description: "In small letters, without its last dot." },
  preference: { type: "integer", description: "The lowest is tried first." },
  problem: nullable({ enum: TARGET_PROBLEMS }, "Why the name cannot be, or should not be, a mail host."),
  aliases: list({ type: "string" }, "The names it leads through by CNAME, which it should not (RFC 5321, section 5.1)."),
  ipv4: nullable(dnsOutcomeSchema, "What asking for A came to; null when it was not asked."),
  ipv6: nullable(dnsOutcomeSchema, "What asking for AAAA came to; null when it was not asked."),
  authenticated_data: { type: "boolean", description: "The name servers vouch for its addresses (DNSSEC)." },
  addresses: list(mailAddressSchema, "In the order in which to dial them."),
});
export type MailHost = FromSchema<typeof mailHostSchema>;

export const mailRouteProperties = {
  ascii_domain: { type: "string", description: "The domain as it was asked for, in A-labels." },
  kind: {
    enum: MAIL_ROUTE_KINDS,
    description:
      "mx: the domain names its mail hosts. implicit: it has no MX, and is its own mail host. null_mx: it takes no mail (RFC 7505). none: mail cannot be delivered. unknown: the name servers did not say.",
  },
  outcome: nullable(dnsOutcomeSchema, "What asking for MX came to; null when it was not asked."),
  hosts: list(mailHostSchema, "In the order in which to try them: by preference, equal ones in random order."),
  null_mx: { type: "boolean", description: "A null MX is there, alone or, which is a mistake, beside others." },
  aliases: list({ type: "string" }, "The names that the domain leads through by CNAME."),
  ttl_s: nullable({ type: "integer" }, "How long the MX answer is good for yet; null where it does not say."),
  from_cache: { type: "boolean" },
  authenticated_data: { type: "boolean", description: "The name servers vouch for the MX answer (DNSSEC). Worth as much as they and the way to them are." },
  name_server: nullable({ type: "string" }, "Who answered."),
} as const;

const mailRouteRecord = record(mailRouteProperties);
export type MailRoute = FromSchema<typeof mailRouteRecord>;
