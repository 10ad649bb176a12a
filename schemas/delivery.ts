import type { FromSchema } from "json-schema-to-ts";
import { BOUNCE_CLASSES } from "./bounce.js";
import { dkimKeySchema, dkimResultSchema } from "./dkim.js";
import { failureSchema, PHASES } from "./failure.js";
import { operationSchema } from "./operation.js";
import { orReference } from "./secret.js";
import { list, nullable, record } from "./shape.js";
import { authInput } from "./smtp.js";
import { TLS_VERSIONS, tlsInput } from "./tls.js";
import { tlsResultSchema, tlsRuleSchema } from "./tls-policy.js";

/** The closed lists and the shapes in which is told how a message is to be brought to its recipients, and what became of that. */

/** direct: to the mail hosts of each recipient. relay: to a smarthost. hybrid and smart: either, see below. */
export const DELIVERY_MODES = ["direct", "relay", "hybrid", "smart"] as const;
export type DeliveryMode = (typeof DELIVERY_MODES)[number];

export const DELIVERY_WAYS = ["direct", "relay"] as const;
export type DeliveryWay = (typeof DELIVERY_WAYS)[number];

/** Why a recipient's message went the way it went. */
export const WAY_REASONS = ["configured", "fallback", "learned", "explored", "nothing_known"] as const;
export type WayReason = (typeof WAY_REASONS)[number];

export const DELIVERY_PRIORITIES = ["HIGH", "NORMAL", "LOW"] as const;
export type DeliveryPriority = (typeof DELIVERY_PRIORITIES)[number];

export const DELIVERY_OUTCOMES = ["delivered", "queued", "bounced", "failed", "unknown"] as const;
export type DeliveryOutcome = (typeof DELIVERY_OUTCOMES)[number];

/** What a refusal, or a failure, is about. suppressed: it stands on the list of those to whom nothing is sent. */
export const DELIVERY_CLASSES = [...BOUNCE_CLASSES, "suppressed"] as const;
export type DeliveryClass = (typeof DELIVERY_CLASSES)[number];

/** filter: one before the mail host or the relay, or a list that it asks. */
export const SAID_BY = ["mail_host", "filter", "relay", "name_server", "us"] as const;

/** What to do about a recipient. */
export const NEXT_STEPS = [
  "nothing",
  "will_be_tried",
  "may_be_tried",
  "correct_the_address",
  "correct_the_configuration",
  "ask_the_recipient",
  "read_the_reply",
] as const;
export type NextStep = (typeof NEXT_STEPS)[number];

const port = { type: "integer", minimum: 1, maximum: 65_535 } as const;

const relayInput = {
  type: "object",
  properties: {
    host: { type: "string", format: "host", description: "The relay's host name or address." },
    port: { ...port, description: "Its port; 465 for implicit TLS, 587 otherwise." },
    tls: {
      type: "object",
      description: "How the connection to it is secured.",
      properties: {
        mode: {
          enum: ["none", "starttls", "implicit"],
          description: "implicit on port 465, starttls elsewhere, unless it is said here. What is asked for is had, or nothing is sent.",
        },
        ...tlsInput,
        verify: {
          ...tlsInput.verify,
          default: "require",
          description: "ignore or report: hand mail, and a password, to whoever answers. require: only to a host whose certificate is trusted.",
        },
      },
      additionalProperties: false,
      default: {},
    },
    auth: { ...authInput, description: "How to log in there." },
  },
  required: ["host"],
  additionalProperties: false,
} as const;

const tlsPolicyInput = {
  type: "object",
  description: "How connections to mail hosts are secured.",
  properties: {
    mode: {
      enum: ["none", "opportunistic", "starttls"],
      default: "opportunistic",
      description: "opportunistic uses STARTTLS where it is offered, and where it fails goes on in the clear, on a new connection. starttls asks for it.",
    },
    verify: {
      enum: ["ignore", "require"],
      default: "ignore",
      description: "require: nothing is sent to a mail host whose certificate is not trusted for its name.",
    },
    dane: {
      enum: ["auto", "on", "off"],
      default: "auto",
      description:
        "Heed TLSA records (RFC 7672). on: the name servers validate DNSSEC, and nobody stands between them and us. auto: where they are on this machine.",
    },
    mta_sts: { type: "boolean", default: true, description: "Heed the policies of MTA-STS (RFC 8461)." },
    policy_port: { ...port, default: 443, description: "Where those policies are served." },
    min_version: {
      enum: TLS_VERSIONS,
      description: "The oldest TLS version to accept. By default TLSv1.2 if TLS is required, else any: an old version is better than no TLS.",
    },
    ca: tlsInput.ca,
  },
  additionalProperties: false,
  default: {},
} as const;

const limit = (most: number, standard: number, description: string) =>
  ({ type: "integer", minimum: 1, maximum: most, default: standard, description }) as const;

const limitsInput = {
  type: "object",
  description: "How much at once, and how often.",
  properties: {
    sessions_per_site: limit(1000, 20, "Connections to one mail site at one time, from one source address; fewer where the site does not take them well."),
    messages_per_session: limit(10_000, 100, "After so many messages a new connection is made."),
    recipients_per_transaction: limit(1000, 100, "Recipients of one site that share one copy (RFC 5321, section 4.5.3.1.8)."),
    messages_per_minute: {
      type: "number",
      exclusiveMinimum: 0,
      maximum: 6_000_000,
      description: "To one mail site, from one source address; no limit by default.",
    },
    addresses_per_site: limit(50, 5, "Addresses of its mail hosts that are tried for one message."),
    greetings_per_site: limit(50, 2, "Mail hosts that may greet and then fail, before the message has to wait."),
    idle_ms: { type: "integer", minimum: 0, maximum: 600_000, default: 2000, description: "How long a session waits for another message before it is ended." },
  },
  additionalProperties: false,
  default: {},
} as const;

const retryInput = {
  type: "object",
  description: "When a queue tries again what may pass.",
  properties: {
    first_ms: {
      type: "integer",
      minimum: 1,
      maximum: 86_400_000,
      default: 300_000,
      description: "After the first try; each later wait is twice as long, give or take a fifth.",
    },
    most_ms: { type: "integer", minimum: 1, maximum: 604_800_000, default: 14_400_000, description: "No wait is longer." },
    give_up_after_ms: { type: "integer", minimum: 0, maximum: 2_592_000_000, default: 432_000_000, description: "Then what still waits is bounced." },
  },
  additionalProperties: false,
  default: {},
} as const;

const DSN_NOTIFY = ["success", "failure", "delay"] as const;

const dsnInput = {
  type: "object",
  description: "What the receiving side shall report (RFC 3461). A server that does not offer DSN is not told.",
  properties: {
    notify: {
      anyOf: [{ enum: ["never"] }, { type: "array", minItems: 1, maxItems: 3, uniqueItems: true, items: { enum: DSN_NOTIFY } }],
      description: "never, or when: success, failure, delay.",
    },
    return: { enum: ["full", "headers"], description: "How much of the message a report shall hold." },
    envelope_id: {
      type: "string",
      minLength: 1,
      maxLength: 100,
      pattern: "^[\\u0021-\\u002a\\u002c-\\u003c\\u003e-\\u007e]+$",
      description: "An identifier that each report repeats: visible ASCII without + and =.",
    },
  },
  additionalProperties: false,
} as const;

const address = { type: "string", minLength: 2, maxLength: 1024 } as const;

/** Who gets it: what every delivery is asked for. */
export const envelopeInput = {
  mail_from: orReference({ type: "string", minLength: 2, maxLength: 320, format: "one-line" }, "The envelope's sender, where bounces go; <> for none."),
  recipients: {
    type: "array",
    minItems: 1,
    maxItems: 1000,
    items: address,
    description: "The envelope's recipients. One that is no address is told in its result.",
  },
} as const;

const author = { type: "string", minLength: 3, maxLength: 320, format: "one-line" } as const;

/** A message that is composed here. */
export const messageFields = {
  type: "object",
  description: "The message, to be composed here.",
  properties: {
    from: { ...author, description: "The author's address; the envelope's sender by default." },
    to: { type: "array", maxItems: 100, items: author, description: "To whom it is written; the recipients by default." },
    cc: { type: "array", maxItems: 100, items: author, default: [], description: "Who gets a copy." },
    reply_to: { ...author, description: "Where answers go." },
    subject: { type: "string", maxLength: 998, format: "one-line", default: "", description: "Its subject." },
    text: { type: "string", maxLength: 4 * 1024 * 1024, default: "", description: "Its text." },
    html: { type: "string", maxLength: 4 * 1024 * 1024, description: "The same as HTML." },
    headers: {
      type: "array",
      maxItems: 50,
      items: {
        type: "object",
        properties: {
          name: { type: "string", minLength: 1, maxLength: 76, format: "one-line", description: "The field's name." },
          value: { type: "string", maxLength: 900, format: "one-line", description: "Its value." },
        },
        required: ["name", "value"],
        additionalProperties: false,
      },
      default: [],
      description: "Further header fields.",
    },
  },
  additionalProperties: false,
} as const;

/** How it is brought: what a service is set up with once, and a single delivery may say for itself. */
export const deliverySettings = {
  mode: {
    enum: DELIVERY_MODES,
    default: "direct",
    description:
      "direct: to the mail hosts of each recipient. relay: to a relay. hybrid: direct, and through a relay what could not be brought for want of a way, never what was refused. smart: the way that has worked best for the site so far.",
  },
  relays: { type: "array", maxItems: 8, items: relayInput, default: [], description: "The relays, the first that answers is taken." },
  helo_domain: orReference({ type: "string", minLength: 1, maxLength: 255, format: "host" }, "The name to say in EHLO; this machine's own by default."),
  dkim: { type: "array", maxItems: 8, items: dkimKeySchema, default: [], description: "The keys to sign with (RFC 6376), each a signature of its own." },
  tls: tlsPolicyInput,
  limits: limitsInput,
  retry: retryInput,
  source_addresses: {
    type: "array",
    maxItems: 64,
    items: { type: "string", format: "address" },
    default: [],
    description: "Local addresses to connect from, in turn. The system's choice where there is none.",
  },
  warm_up: {
    anyOf: [{ type: "boolean" }, { type: "array", minItems: 1, maxItems: 60, items: { type: "integer", minimum: 1, maximum: 1_000_000 } }],
    default: false,
    description:
      "How much each source address may send directly on its first days; the rest waits until the next day. true: 50 recipients a day for three days, 200 for four, 500 for seven, and no limit from the fifteenth on; or a list of your own, day by day.",
  },
  suppress_bounces: {
    type: "boolean",
    default: false,
    description:
      "Put a recipient on the suppression list whose address does not exist, or whose mailbox is disabled, for good. Off by default: a mail host that is set up wrongly for an hour says so of everybody.",
  },
  mx_port: { ...port, default: 25, description: "The port of the mail hosts." },
  allow_private_addresses: {
    type: "boolean",
    default: false,
    description: "Mail hosts whose addresses are not global, such as loopback and private ones, may be dialled.",
  },
} as const;

/** What is asked for one message beside its envelope and its text. */
export const messageOptions = {
  priority: { enum: DELIVERY_PRIORITIES, default: "NORMAL", description: "Who goes first where messages wait for the same site." },
  dsn: dsnInput,
  requiretls: { type: "boolean", default: false, description: "Only over TLS, and only to hosts that promise the same for the rest of the way (RFC 8689)." },
} as const;

const attemptRecord = record({
  way: { enum: DELIVERY_WAYS },
  site: nullable({ type: "string" }, "The mail site; null for a relay."),
  host: { type: "string" },
  ip_address: nullable({ type: "string" }, "Null when it was not dialled."),
  port: { type: "integer" },
  source_address: nullable({ type: "string" }, "The local address; null where the system chose it."),
  reused: { type: "boolean", description: "Over a session that had carried another message before." },
  began: { type: "string", description: "In UTC with microseconds." },
  at_ms: { type: "number", description: "When it began, since the run began." },
  duration_ms: { type: "number" },
  tls: { enum: ["none", "secured", "refused", "failed"], description: "What became of TLS on this connection." },
  tls_version: nullable({ type: "string" }),
  tls_policy: nullable(tlsRuleSchema.properties.source, "Who demanded the TLS that was to be had; null for a relay."),
  tls_result: {
    ...tlsResultSchema.properties.result_type,
    description: "What did not hold to the policy, also to one in testing; null when all did.",
  },
  recipients: list({ type: "integer" }, "Whom it was for: places in the list of recipients."),
  outcome: {
    enum: ["accepted", "refused", "not_sent", "unknown", "not_connected"],
    description: "Of the message: accepted for at least one recipient; refused; it broke before the last dot; unknown: it broke after it.",
  },
  ended_at: nullable({ enum: PHASES }, "Where it ended, when it was not accepted."),
  code: nullable({ type: "integer" }, "The reply that ended it."),
  message: nullable({ type: "string" }, "Its text, or what broke."),
  operations: list(operationSchema, "Every step of it, in order."),
});
export type DeliveryAttempt = FromSchema<typeof attemptRecord>;

const recipientRecord = record({
  address: { type: "string", description: "As it was given." },
  domain: nullable({ type: "string" }, "Behind its @, in A-labels."),
  site: nullable({ type: "string" }, "The mail site behind it; null where it was not looked for, or there is none."),
  outcome: {
    enum: DELIVERY_OUTCOMES,
    description:
      "delivered: a server has taken it. queued: it may pass, and a queue will try again. bounced: it was refused for good, or for too long. failed: it ended otherwise. unknown: the connection broke after the last dot; sending it again may double it.",
  },
  class: nullable({ enum: DELIVERY_CLASSES }, "What kept it from being delivered; null when nothing did."),
  way: nullable({ enum: DELIVERY_WAYS }, "The way that decided; null when there was none."),
  way_reason: nullable({ enum: WAY_REASONS }, "Why this way."),
  way_explanation: nullable({ type: "string" }, "The same for a person."),
  code: nullable({ type: "integer" }, "The reply code that decided."),
  enhanced_code: nullable({ type: "string" }, "Its enhanced status code (RFC 3463)."),
  message: nullable({ type: "string" }, "Its text, or what broke."),
  matched: nullable({ type: "string" }, "The row of the table of replies that it was read by."),
  decided_at: nullable({ enum: PHASES }, "What was being done then."),
  said_by: nullable({ enum: SAID_BY }, "Who said so."),
  host: nullable({ type: "string" }, "Which of them."),
  ip_address: nullable({ type: "string" }),
  failure: failureSchema,
  tries: { type: "integer", description: "How often it was tried, also by earlier runs of the same job." },
  attempts: list({ type: "integer" }, "Which attempts of this run were for it: places in the list of attempts."),
  next: { enum: NEXT_STEPS, description: "What is to be done, or will be." },
  next_try_at: nullable({ type: "string" }, "When it will be tried again, or is worth being tried; in UTC."),
  gives_up_at: nullable({ type: "string" }, "Until when; in UTC. Null where nobody tries again."),
});
export type DeliveryRecipient = FromSchema<typeof recipientRecord>;

/** Changes of a given message before it is signed and sent, and what could not be changed. */
const messageChange = record({
  code: {
    enum: ["bcc_removed", "date_added", "message_id_added", "lines_encoded", "lines_too_long"],
    description: "A stable name for programs. lines_too_long: a line could not be encoded, and servers may break it.",
  },
  message: { type: "string", description: "The same for a person." },
});
export type MessageChange = FromSchema<typeof messageChange>;

/** The result of a delivery. */
export const deliveryOutput = {
  message_id: nullable({ type: "string" }, "Of the message's header."),
  size_bytes: { type: "integer", description: "Of the message as it was sent, signatures included, as SIZE counts them." },
  helo_domain: nullable({ type: "string" }, "The name that was said in EHLO; null when nobody was greeted."),
  mode: { enum: DELIVERY_MODES },
  recipients: list(recipientRecord, "One for each, in the order of the input."),
  attempts: list(attemptRecord, "Every host that was tried, in order."),
  changes: list(messageChange, "What was changed in the message as it was given."),
  dkim: dkimResultSchema,
} as const;

const deliveryReport = record(deliveryOutput);
export type DeliveryReport = FromSchema<typeof deliveryReport>;

const settingsRecord = { type: "object", properties: deliverySettings, additionalProperties: false } as const;
/** The settings once defaults are filled in. */
export type DeliverySettings = FromSchema<typeof settingsRecord>;

/** As a caller writes it. */
export type GivenMessage = FromSchema<typeof messageFields, { keepDefaultedPropertiesOptional: true }>;

const wishesRecord = { type: "object", properties: messageOptions, additionalProperties: false } as const;
export type MessageOptions = FromSchema<typeof wishesRecord>;

export type RelayInput = DeliverySettings["relays"][number];
