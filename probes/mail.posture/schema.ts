import { SPF_NODE_STATES } from "../../runner/mail/spf/survey.js";
import { ANSWERS } from "../../runner/posture/answers.js";
import { DANE_STATES } from "../../runner/posture/dane/examine.js";
import { STARTTLS_STATES } from "../../runner/posture/hosts/meet.js";
import { PROFILES } from "../../runner/posture/profile.js";
import { blocklistZones } from "../../schemas/blocklist.js";
import { outputOf } from "../../schemas/carried.js";
import { AREAS, checkSchema } from "../../schemas/check.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import { dnsInput } from "../../schemas/dns.js";
import { findingSchema } from "../../schemas/finding.js";
import { networkInput } from "../../schemas/network.js";
import { list, nullable, record, withoutDefault } from "../../schemas/shape.js";
import { tlsInput } from "../../schemas/tls.js";

/** A domain whose name servers are silent takes several rounds of questions until they are given up. */
export const USUAL_TIMEOUT_MS = 120_000;

const port = { type: "integer", minimum: 1, maximum: 65_535 } as const;

const input = contract({
  title: "mail.posture 1.0.0 input",
  type: "object",
  properties: {
    domain: { type: "string", format: "domain", description: "The domain to examine." },
    profile: {
      enum: ["auto", ...PROFILES],
      default: "auto",
      description: "What the domain is used for. auto: parked with a null MX and v=spf1 -all; what is not known counts as used.",
    },
    selectors: {
      type: "array",
      maxItems: 32,
      items: { type: "string", pattern: "^[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*$", maxLength: 63 },
      default: [],
      description: "The DKIM selectors that the domain signs with.",
    },
    guess_selectors: { type: "boolean", default: true, description: "Also ask for the usual selectors of mail services." },
    sending_addresses: {
      type: "array",
      maxItems: 20,
      items: { type: "string", format: "address" },
      description: "The addresses that send the domain's mail; those of the mail hosts, which may not send, by default.",
    },
    helo_domain: { type: "string", format: "domain", description: "The name that the sending servers give in EHLO." },
    connect: { type: "boolean", default: true, description: "Connect to each mail host once, to see its STARTTLS and certificate." },
    address_lists: {
      ...blocklistZones,
      minItems: 0,
      description: "Block lists to ask for the sending addresses, instead of the well-known ones; none if empty.",
    },
    relay_own_address: {
      type: "string",
      format: "one-line",
      maxLength: 254,
      examples: ["relay-test@example.net"],
      description:
        "An address of yours, in a domain that the mail hosts do not serve: each of them is asked whether it relays, as by mail.relay; no message is sent. Without it, none is asked.",
    },
    mx_port: { ...port, default: 25, description: "The port of the mail hosts; other than 25 only in a lab." },
    policy_port: { ...port, default: 443, description: "Where the MTA-STS policy is served; other than 443 only in a lab." },
    ca: tlsInput.ca,
    allow_private_addresses: { type: "boolean", default: false, description: "Allow mail hosts and policy hosts with addresses that are not global." },
    ...dnsInput,
    connect_timeout_ms: networkInput.connect_timeout_ms,
    command_timeout_ms: networkInput.command_timeout_ms,
    timeout_ms: {
      ...withoutDefault(networkInput.timeout_ms),
      description: "Timeout for the whole run; 120 seconds by default: name servers that do not answer take long.",
    },
  },
  required: ["domain"],
  additionalProperties: false,
});

const answer = record({
  area: { enum: AREAS },
  answer: { enum: ANSWERS, description: "unknown: no answer was obtained; neither good nor bad." },
  message: { type: "string", description: "What decided it." },
  checks: { type: "integer", description: "Number of checks that apply." },
  unknown: { type: "integer", description: "Number of checks without an answer." },
});

const change = record({
  name: { type: "string" },
  type: { type: "string" },
  old: nullable({ type: "string" }),
  new: nullable({ type: "string" }, "Null to remove the record."),
  check: { type: "string", description: "The check that asks for it." },
  why: { type: "string" },
  wait_for: nullable({ type: "string" }),
  risk: nullable({ type: "string" }),
});

const mailHost = record({
  host: { type: "string" },
  preference: { type: "integer" },
  ipv4: list({ type: "string" }),
  ipv6: list({ type: "string" }),
  starttls: nullable({ enum: STARTTLS_STATES }, "Null if the host was not to be asked."),
  tls_version: nullable({ type: "string" }),
  is_trusted: nullable({ type: "boolean" }, "The certificate is trusted for the host's name."),
  certificate_expires: nullable({ type: "string" }),
  mta_sts: nullable({ type: "boolean" }, "The MTA-STS policy allows the host; null without a policy."),
  dane: nullable({ enum: DANE_STATES }),
});

const output = contract({
  title: "mail.posture 1.0.0 output",
  ...outputOf({
    domain: { type: "string", description: "In A-labels." },
    profile: { enum: PROFILES },
    questions: { type: "integer", description: "DNS questions that were asked." },
    answers: list(answer, "Can others send in your name; will your mail arrive; can mail to you be read or lost."),
    checks: list(checkSchema, "Every rule, and how the domain fares by it."),
    changes: list(change, "The records to change, in the order in which to change them."),
    mail_hosts: list(mailHost),
    spf: record({
      record: nullable({ type: "string" }),
      lookups: { type: "integer", description: "DNS look-ups of at most ten." },
      tree: list(
        record({
          domain: { type: "string" },
          depth: { type: "integer" },
          term: nullable({ type: "string" }),
          record: nullable({ type: "string" }),
          state: { enum: SPF_NODE_STATES },
          lookups: { type: "integer" },
        }),
      ),
    }),
    dmarc: record({
      policy_domain: nullable({ type: "string" }),
      organizational_domain: nullable({ type: "string" }),
      record: nullable({ type: "string" }),
      effective_policy: nullable({ enum: ["none", "quarantine", "reject"] }),
      walk: list(record({ domain: { type: "string" }, record: nullable({ type: "string" }) }), "The names that were asked (RFC 9989, 4.10)."),
    }),
    dkim: list(
      record({ selector: { type: "string" }, state: { type: "string" }, key_type: nullable({ type: "string" }), key_bits: nullable({ type: "integer" }) }),
    ),
    findings: list(findingSchema),
  }),
});

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
