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

/** Any text: what is no address is told in its result, for one wrong line must not keep a whole list from being asked. */
const address = { type: "string", maxLength: 1024 } as const;
const seed = { type: "integer", minimum: 0, maximum: 0xffff_ffff } as const;

/** Not part of the type: whoever reads the input takes both fields together. */
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
    email: { ...address, description: "The address to ask about." },
    emails: { type: "array", items: address, minItems: 1, maxItems: 1000, description: "Several addresses. Those of one mail site go over one connection." },
    mx_host: { type: "string", format: "host", description: "Asks this mail host, whatever the name servers say of the domain." },
    mx_port: { type: "integer", minimum: 1, maximum: 65_535, default: 25, description: "The port of the mail hosts." },
    helo_domain: orReference({ type: "string", minLength: 1, maxLength: 255, format: "host" }, "The name to say in EHLO; this machine's own by default."),
    mail_from: orReference(
      { type: "string", minLength: 2, maxLength: 320, format: "one-line" },
      "The sender to name, <> for none. By default bounce@ the EHLO name, and <> where that is an address.",
    ),
    tls: {
      type: "object",
      description: "How the connection is secured.",
      properties: {
        mode: {
          enum: ["none", "opportunistic", "starttls"],
          default: "opportunistic",
          description: "opportunistic uses STARTTLS where it is offered, and goes on in the clear where it fails. starttls asks for it.",
        },
        verify: {
          enum: ["ignore", "require"],
          default: "ignore",
          description: "require: a mail host whose certificate is not trusted for its name is asked nothing. Mail servers do not look.",
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
      description: "Where an address is accepted, ask for one that nobody has: a domain that takes any address says nothing about this one.",
    },
    addresses_per_connection: {
      type: "integer",
      minimum: 1,
      maximum: 1000,
      default: 50,
      description: "After so many addresses a new connection is made. Servers count what fails, and end what lasts too long.",
    },
    pause_ms: {
      type: "integer",
      minimum: 0,
      maximum: 600_000,
      default: 0,
      description: "Before each further address of a connection, a wait of chance up to this. Then they go one by one, and not pipelined.",
    },
    allow_private_addresses: {
      type: "boolean",
      default: false,
      description: "Addresses that are not global, such as loopback and private ones, may be dialled.",
    },
    address_family: { ...networkInput.address_family, description: "Which addresses of the mail hosts to try." },
    source_address: networkInput.source_address,
    seed: { ...seed, description: "Makes the random order of equal hosts, and the random address, the same every time." },
    ...dnsInput,
    connect_timeout_ms: { ...networkInput.connect_timeout_ms, description: "For connecting to one address of a mail host." },
    command_timeout_ms: networkInput.command_timeout_ms,
    timeout_ms: { ...networkInput.timeout_ms, default: 60_000 },
  },
  additionalProperties: false,
});

const catchAllSchema = record(
  {
    verdict: { enum: CATCH_ALL_VERDICTS, description: "Whether the domain takes any address." },
    asked: { type: "boolean", description: "An address that nobody has was asked for, now or before." },
    from_cache: { type: "boolean", description: "It was found out by an earlier run." },
    address: nullable({ type: "string" }, "The address that was asked for."),
    code: nullable({ type: "integer" }, "What it was answered."),
    message: nullable({ type: "string" }),
    mx_host: nullable({ type: "string" }, "The host that gave this answer. With several, the answer that warns most is shown."),
    ip_address: nullable({ type: "string" }, "The address of that host."),
  },
  "How a host of the domain treats a random address.",
);

const resultSchema = record({
  email: { type: "string", description: "As it was given." },
  domain: nullable({ type: "string" }, "Behind its @, in A-labels."),
  category: { enum: RCPT_CATEGORIES, description: "What the server said to RCPT; unknown when it never came to that." },
  code: nullable({ type: "integer" }, "The reply code that decided."),
  enhanced_code: nullable({ type: "string" }, "Its enhanced status code (RFC 3463)."),
  message: nullable({ type: "string" }, "Its text."),
  mx_host: nullable({ type: "string" }, "Who said so."),
  ip_address: nullable({ type: "string" }),
  decided_at: nullable({ enum: DECIDED_AT }, "What was being done then; null when the run ended before."),
  reason: { enum: RCPT_REASONS, description: "Why, from a closed list." },
  matched: nullable({ type: "string" }, "The row of the table of replies that was read by."),
  retry_after_ms: nullable({ type: "integer" }, "When it is worth asking again; null when it is not, or not because of time."),
  catch_all: { enum: CATCH_ALL_VERDICTS, description: "Whether the host that answered accepts any address of the domain." },
  verdict: { enum: RCPT_VERDICTS, description: "Whether to send: invalid is said only where a server said so of this very mailbox or its domain." },
  confidence: { type: "number", description: "How sure the verdict is, from 0 to 1; 0 for unknown." },
  rule: { enum: RCPT_RULES, description: "The rule that gave the verdict." },
  elapsed_ms: nullable({ type: "number" }, "From the moment its mail host was first dialled, or its domain looked up, to the decision."),
  error: nullable({ type: "string" }, "Why there is no answer; null when a server gave one."),
});

const domainSchema = record({
  domain: { type: "string" },
  site: nullable({ type: "string" }, "The mail site behind it; null when it has none."),
  route: nullable(mailRouteProperties.kind, "How the mail hosts were found; null when the input names one."),
  outcome: mailRouteProperties.outcome,
  hosts: list(mailHostSchema, "In the order in which to try them."),
  from_cache: mailRouteProperties.from_cache,
  ttl_s: mailRouteProperties.ttl_s,
  catch_all: catchAllSchema,
});

const siteSchema = record({
  site: { type: "string", description: "The set of its mail hosts: what limits and experience are kept by." },
  profile: { enum: SITE_PROFILES, description: "What it was like before this run." },
  observations: { type: "integer", description: "How many of them that is taken from." },
  latency_p50_ms: nullable({ type: "number" }),
  latency_p95_ms: nullable({ type: "number" }),
  last_greylisted: nullable({ type: "string" }, "In UTC."),
  connect_timeout_ms: { type: "integer", description: "How patient this run was, after that." },
  command_timeout_ms: { type: "integer" },
  retries: { type: "integer", description: "How many more addresses and connections were allowed once one had failed." },
});

const visitSchema = record({
  mx_host: { type: "string" },
  ...attemptSchema.properties,
  tls: { enum: ["none", "secured", "refused", "failed"], description: "What became of STARTTLS." },
  ended_at: nullable({ enum: DECIDED_AT }, "Where it ended before every address was answered; null when it did not."),
  code: nullable({ type: "integer" }, "The reply that ended it."),
  message: nullable({ type: "string" }, "Its text, or what broke."),
  answered: { type: "integer", description: "How many addresses it decided." },
});

const output = contract({
  title: "mail.rcpt 1.0.0 output",
  ...outputOf({
    helo_domain: nullable({ type: "string" }, "The name that was said in EHLO; null when nobody was greeted."),
    mail_from: nullable({ type: "string" }, "The sender that was named."),
    results: list(resultSchema, "One an address, in the order of the input."),
    domains: list(domainSchema, "One a domain."),
    sites: list(siteSchema, "One a mail site."),
    attempts: list(visitSchema, "Every address that was dialled, in order."),
    seed: { ...seed, description: "What the order of equal hosts and the random address were made from." },
    findings: list(findingSchema, "What was judged, and why the status is not ok."),
  }),
});

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
