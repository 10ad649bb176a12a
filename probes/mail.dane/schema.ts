import { DANE_STATES } from "../../runner/posture/dane/examine.js";
import { STARTTLS_STATES } from "../../runner/posture/hosts/meet.js";
import { outputOf } from "../../schemas/carried.js";
import { checkSchema } from "../../schemas/check.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import { dnsInput } from "../../schemas/dns.js";
import { findingSchema } from "../../schemas/finding.js";
import { networkInput } from "../../schemas/network.js";
import { list, nullable, record } from "../../schemas/shape.js";

const input = contract({
  title: "mail.dane 1.0.0 input",
  type: "object",
  properties: {
    domain: { type: "string", format: "domain", description: "The domain that mail is sent to." },
    connect: { type: "boolean", default: true, description: "Connect to each mail host once, to compare its certificate with the records." },
    mx_port: { type: "integer", minimum: 1, maximum: 65_535, default: 25, description: "The port of the mail hosts; other than 25 only in a lab." },
    helo_domain: { type: "string", format: "one-line", maxLength: 253, description: "The name to give in EHLO; that of this machine by default." },
    allow_private_addresses: { type: "boolean", default: false, description: "Allow mail hosts with addresses that are not global." },
    ...dnsInput,
    connect_timeout_ms: networkInput.connect_timeout_ms,
    command_timeout_ms: networkInput.command_timeout_ms,
    timeout_ms: networkInput.timeout_ms,
  },
  required: ["domain"],
  additionalProperties: false,
});

const output = contract({
  title: "mail.dane 1.0.0 output",
  ...outputOf({
    domain: { type: "string", description: "In A-labels." },
    is_route_signed: nullable({ type: "boolean" }, "DNSSEC vouches for the MX records, according to the name servers; null if that is not known."),
    hosts: list(
      record({
        host: { type: "string" },
        state: {
          enum: DANE_STATES,
          description:
            "secure: a usable record matches. no_match: none does, and senders do not deliver. unusable: senders require TLS and verify nothing. insecure: DNSSEC does not vouch for the host or its records, which have no effect. absent: no records.",
        },
        owner: { type: "string", description: "The name at which the records stand." },
        records: list({ type: "string" }, "Usage, selector, matching type and data."),
        usable: { type: "integer", description: "Records that senders of mail can use." },
        has_next_key: { type: "boolean", description: "A usable record matches a key that the host does not use now." },
        starttls: nullable({ enum: STARTTLS_STATES }, "Null if the host was not asked."),
        reason: nullable({ type: "string" }),
      }),
    ),
    checks: list(checkSchema, "The rules of RFC 7672, and how each mail host fares by them."),
    findings: list(findingSchema),
  }),
});

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
