import { SITE_PROFILES } from "../../schemas/behaviour.js";
import { outputOf } from "../../schemas/carried.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import { dnsInput } from "../../schemas/dns.js";
import { findingSchema } from "../../schemas/finding.js";
import { mailHostSchema, mailRouteProperties } from "../../schemas/mx.js";
import { attemptSchema, networkInput } from "../../schemas/network.js";
import { CATCH_ALL_VERDICTS, DECIDED_AT, RCPT_CATEGORIES, RCPT_REASONS, RCPT_RULES, RCPT_VERDICTS } from "../../schemas/rcpt.js";
import { orReference } from "../../schemas/secret.js";
import { list, nullable, record } from "../../schemas/shape.js";
import { tlsInput } from "../../schemas/tls.js";

/** Any text: an invalid address is reported in its result, so that one wrong line does not stop a whole list. */
const address = { type: "string", maxLength: 1024 } as const;
const seed = { type: "integer", minimum: 0, maximum: 0xffff_ffff } as const;

/** Not part of the type: the code reads both fields together. */
const eitherOfBoth: object = {
  oneOf: [
    { properties: { email: {} }, required: ["email"] },
    { properties: { emails: {} }, required: ["emails"] },
  ],
  examples: [{ email: "someone@example.org" }],
};

const input = contract({
  title: "mail.rcpt 1.0.0 input",
  type: "object",
  ...eitherOfBoth,
  properties: {
    email: { ...address, description: "The address to check." },
    emails: { type: "array", items: address, minItems: 1, maxItems: 1000, description: "Several addresses. Those of one mail site share a connection." },
    mx_host: { type: "string", format: "host", description: "Ask this mail host instead of looking up the domain's MX records." },
    mx_port: { type: "integer", minimum: 1, maximum: 65_535, default: 25, description: "The SMTP port of mail hosts." },
    helo_domain: orReference({ type: "string", minLength: 1, maxLength: 255, format: "host" }, "The name to use in EHLO; this machine's host name by default."),
    mail_from: orReference(
      { type: "string", minLength: 2, maxLength: 320, format: "one-line" },
      "The envelope sender; <> for the null sender. By default bounce@ the EHLO name, or <> if that name is an IP address.",
    ),
    tls: {
      type: "object",
      description: "How the connection is secured.",
      properties: {
        mode: {
          enum: ["none", "opportunistic", "starttls"],
          default: "opportunistic",
          description: "opportunistic: use STARTTLS if it is offered; if it fails, continue in plain text. starttls: require it. none: never use TLS.",
        },
        verify: {
          enum: ["ignore", "require"],
          default: "ignore",
          description: "require: do not ask a mail host whose certificate is not trusted for its name. Mail servers usually do not check.",
        },
        min_version: tlsInput.min_version,
        ca: tlsInput.ca,
      },
      additionalProperties: false,
      default: {},
    },
    catch_all: {
      type: "boolean",
      default: true,
      description: "If an address is accepted, also ask about a random one: a domain that accepts any address reveals nothing about this one.",
    },
    addresses_per_connection: {
      type: "integer",
      minimum: 1,
      maximum: 1000,
      default: 50,
      description: "Maximum addresses per connection; servers drop long or failing sessions.",
    },
    pause_ms: {
      type: "integer",
      minimum: 0,
      maximum: 600_000,
      default: 0,
      description: "Maximum random delay before each further address of a connection. With a delay, addresses are sent one by one, without pipelining.",
    },
    interval_ms: {
      type: "integer",
      minimum: 0,
      maximum: 600_000,
      default: 0,
      description:
        "Minimum time between two RCPT commands to one site, that of the random address included. `probe-run rcpt` sets it to the rate per site. With an interval, addresses are sent one by one, without pipelining.",
    },
    allow_private_addresses: {
      type: "boolean",
      default: false,
      description: "Allow addresses that are not global, such as loopback and private ones.",
    },
    address_family: { ...networkInput.address_family, description: "Which addresses of the mail hosts to try." },
    source_address: networkInput.source_address,
    seed: { ...seed, description: "Seed of the order of hosts with equal preference and of the random address; the same seed gives the same result." },
    ...dnsInput,
    connect_timeout_ms: { ...networkInput.connect_timeout_ms, description: "Timeout for connecting to one address of a mail host." },
    command_timeout_ms: networkInput.command_timeout_ms,
    timeout_ms: { ...networkInput.timeout_ms, default: 60_000 },
  },
  additionalProperties: false,
});

const catchAllSchema = record(
  {
    verdict: { enum: CATCH_ALL_VERDICTS, description: "Whether the domain accepts any address." },
    asked: { type: "boolean", description: "True if a random address was asked about, in this run or an earlier one." },
    from_cache: { type: "boolean", description: "True if the answer comes from an earlier run." },
    address: nullable({ type: "string" }, "The random address."),
    code: nullable({ type: "integer" }, "The reply code for it."),
    message: nullable({ type: "string" }),
    mx_host: nullable({ type: "string" }, "The host that gave this answer. With several hosts, the least favourable answer is shown."),
    ip_address: nullable({ type: "string" }, "The address of that host."),
  },
  "How a host of the domain treats a random address.",
);

const resultSchema = record({
  email: { type: "string", description: "The address as given in the input." },
  domain: nullable({ type: "string" }, "The domain of the address, in A-labels."),
  category: { enum: RCPT_CATEGORIES, description: "The server's answer to RCPT; unknown if RCPT was not reached." },
  code: nullable({ type: "integer" }, "The reply code that decided the outcome."),
  enhanced_code: nullable({ type: "string" }, "The enhanced status code (RFC 3463) of that reply."),
  message: nullable({ type: "string" }, "The text of that reply."),
  mx_host: nullable({ type: "string" }, "The mail host that gave the deciding answer."),
  ip_address: nullable({ type: "string" }),
  decided_at: nullable({ enum: DECIDED_AT }, "The phase in which it was decided; null if the run ended before."),
  reason: { enum: RCPT_REASONS, description: "The reason, from a closed list." },
  matched: nullable({ type: "string" }, "The row of the reply table that classified the reply."),
  retry_after_ms: nullable({ type: "integer" }, "Recommended delay before asking again; null if a later attempt would not help."),
  catch_all: { enum: CATCH_ALL_VERDICTS, description: "Whether the host that answered accepts any address of the domain." },
  verdict: { enum: RCPT_VERDICTS, description: "Whether mail can be sent. invalid: only if a server rejected this mailbox or its domain itself." },
  confidence: { type: "number", description: "Confidence in the verdict, from 0 to 1; 0 for unknown." },
  rule: { enum: RCPT_RULES, description: "The rule that decided the verdict." },
  elapsed_ms: nullable({ type: "number" }, "Time from the look-up of its domain, or the first connection attempt to its mail host, to the decision."),
  error: nullable({ type: "string" }, "Why there is no answer; null if a server answered."),
});

const domainSchema = record({
  domain: { type: "string" },
  site: nullable({ type: "string" }, "The mail site of the domain; null if it has none."),
  route: nullable(mailRouteProperties.kind, "How the mail hosts were found; null if the input names one."),
  outcome: mailRouteProperties.outcome,
  hosts: list(mailHostSchema, "In the order in which to try them."),
  from_cache: mailRouteProperties.from_cache,
  ttl_s: mailRouteProperties.ttl_s,
  catch_all: catchAllSchema,
});

const siteSchema = record({
  site: { type: "string", description: "The set of mail hosts, which limits and reputation are stored by." },
  profile: { enum: SITE_PROFILES, description: "The site's behaviour before this run." },
  observations: { type: "integer", description: "Number of observations that the profile is based on." },
  latency_p50_ms: nullable({ type: "number" }),
  latency_p95_ms: nullable({ type: "number" }),
  last_greylisted: nullable({ type: "string" }, "In UTC."),
  connect_timeout_ms: { type: "integer", description: "The timeout that this run used, based on the profile." },
  command_timeout_ms: { type: "integer" },
  retries: { type: "integer", description: "Number of further addresses and connections allowed after a failure." },
});

const visitSchema = record({
  mx_host: { type: "string" },
  ...attemptSchema.properties,
  tls: { enum: ["none", "secured", "refused", "failed"], description: "The outcome of STARTTLS." },
  ended_at: nullable({ enum: DECIDED_AT }, "The phase in which it ended early; null if every address was answered."),
  code: nullable({ type: "integer" }, "The reply code that ended it."),
  message: nullable({ type: "string" }, "The text of that reply, or the failure."),
  answered: { type: "integer", description: "Number of addresses decided by this attempt." },
});

const output = contract({
  title: "mail.rcpt 1.0.0 output",
  ...outputOf({
    helo_domain: nullable({ type: "string" }, "The name used in EHLO; null if no session was opened."),
    mail_from: nullable({ type: "string" }, "The envelope sender used."),
    results: list(resultSchema, "One result per address, in the order of the input."),
    domains: list(domainSchema, "One record per domain."),
    sites: list(siteSchema, "One record per mail site."),
    attempts: list(visitSchema, "Every address that was tried, in order."),
    seed: { ...seed, description: "The seed of the order of hosts with equal preference and of the random address." },
    findings: list(findingSchema, "Judgements that explain why the status is not ok."),
  }),
});

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
