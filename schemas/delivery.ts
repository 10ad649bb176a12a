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

/** The closed lists and shapes of a delivery: its settings, its message, and its outcome for each recipient. */

/** direct: to the mail hosts of each recipient. relay: to a smarthost. hybrid and smart: either, see below. */
export const DELIVERY_MODES = ["direct", "relay", "hybrid", "smart"] as const;
export type DeliveryMode = (typeof DELIVERY_MODES)[number];

export const DELIVERY_WAYS = ["direct", "relay"] as const;
export type DeliveryWay = (typeof DELIVERY_WAYS)[number];

/** Why this route was chosen for a recipient. */
export const WAY_REASONS = ["configured", "fallback", "learned", "explored", "nothing_known"] as const;
export type WayReason = (typeof WAY_REASONS)[number];

export const DELIVERY_PRIORITIES = ["HIGH", "NORMAL", "LOW"] as const;
export type DeliveryPriority = (typeof DELIVERY_PRIORITIES)[number];

export const DELIVERY_OUTCOMES = ["delivered", "queued", "bounced", "failed", "unknown"] as const;
export type DeliveryOutcome = (typeof DELIVERY_OUTCOMES)[number];

/** The class of a rejection or failure. suppressed: the address is on the suppression list. */
export const DELIVERY_CLASSES = [...BOUNCE_CLASSES, "suppressed"] as const;
export type DeliveryClass = (typeof DELIVERY_CLASSES)[number];

/** filter: a filter in front of the mail host or the relay, or a list that it uses. */
export const SAID_BY = ["mail_host", "filter", "relay", "name_server", "us"] as const;

/** The next step for a recipient. */
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
    port: { ...port, description: "The relay's port; by default 465 for implicit TLS, 587 otherwise." },
    tls: {
      type: "object",
      description: "How the connection to the relay is secured.",
      properties: {
        mode: {
          enum: ["none", "starttls", "implicit"],
          description: "By default implicit on port 465 and starttls on any other. If TLS cannot be established as configured, nothing is sent.",
        },
        ...tlsInput,
        verify: {
          ...tlsInput.verify,
          default: "require",
          description: "require: send mail and credentials only to a host with a trusted certificate. ignore, report: send them to any host that answers.",
        },
      },
      additionalProperties: false,
      default: {},
    },
    auth: { ...authInput, description: "How to log in to the relay." },
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
      description:
        "opportunistic: use STARTTLS if it is offered; if it fails, send in plain text over a new connection. starttls: send only over STARTTLS. none: never use TLS.",
    },
    verify: {
      enum: ["ignore", "require"],
      default: "ignore",
      description: "require: send nothing to a mail host whose certificate is not trusted for its name.",
    },
    dane: {
      enum: ["auto", "on", "off"],
      default: "auto",
      description:
        "Enforce TLSA records (RFC 7672). on: the configured name servers validate DNSSEC and the path to them is trusted. auto: only if the name servers run on this machine.",
    },
    mta_sts: { type: "boolean", default: true, description: "Enforce MTA-STS policies (RFC 8461)." },
    policy_port: { ...port, default: 443, description: "The HTTPS port of MTA-STS policy hosts." },
    min_version: {
      enum: TLS_VERSIONS,
      description: "Oldest TLS version to accept. By default TLSv1.2 if TLS is required, otherwise any: an old version is better than no TLS.",
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
  description: "Concurrency and rate limits.",
  properties: {
    sessions_per_site: limit(
      1000,
      20,
      "Maximum simultaneous connections to one mail site from one source address; lowered automatically if the site rejects connections.",
    ),
    messages_per_session: limit(10_000, 100, "Maximum messages per connection."),
    recipients_per_transaction: limit(1000, 100, "Maximum recipients per mail transaction (RFC 5321, section 4.5.3.1.8)."),
    messages_per_minute: {
      type: "number",
      exclusiveMinimum: 0,
      maximum: 6_000_000,
      description: "Maximum messages per minute to one mail site from one source address; unlimited by default.",
    },
    addresses_per_site: limit(50, 5, "Maximum mail host addresses tried for one message."),
    greetings_per_site: limit(50, 2, "Maximum mail hosts that may greet and then fail before the message is queued for a retry."),
    idle_ms: { type: "integer", minimum: 0, maximum: 600_000, default: 2000, description: "How long an idle session is kept open for another message." },
  },
  additionalProperties: false,
  default: {},
} as const;

const retryInput = {
  type: "object",
  description: "When a queue retries temporary failures.",
  properties: {
    first_ms: {
      type: "integer",
      minimum: 1,
      maximum: 86_400_000,
      default: 300_000,
      description: "Delay before the first retry; it doubles with each retry, with 20 % jitter.",
    },
    most_ms: { type: "integer", minimum: 1, maximum: 604_800_000, default: 14_400_000, description: "Maximum delay between two attempts." },
    give_up_after_ms: {
      type: "integer",
      minimum: 0,
      maximum: 2_592_000_000,
      default: 432_000_000,
      description: "Age at which recipients still queued are bounced.",
    },
  },
  additionalProperties: false,
  default: {},
} as const;

const DSN_NOTIFY = ["success", "failure", "delay"] as const;

const dsnInput = {
  type: "object",
  description: "Delivery status notifications to request (RFC 3461). Not sent to a server that does not offer DSN.",
  properties: {
    notify: {
      anyOf: [{ enum: ["never"] }, { type: "array", minItems: 1, maxItems: 3, uniqueItems: true, items: { enum: DSN_NOTIFY } }],
      description: "never, or the events to report: success, failure, delay.",
    },
    return: { enum: ["full", "headers"], description: "How much of the message a report should contain." },
    envelope_id: {
      type: "string",
      minLength: 1,
      maxLength: 100,
      pattern: "^[\\u0021-\\u002a\\u002c-\\u003c\\u003e-\\u007e]+$",
      description: "An identifier returned in each report: visible ASCII without + and =.",
    },
  },
  additionalProperties: false,
} as const;

const address = { type: "string", minLength: 2, maxLength: 1024 } as const;

/** The envelope of a delivery. */
export const envelopeInput = {
  mail_from: orReference(
    { type: "string", minLength: 2, maxLength: 320, format: "one-line" },
    "The envelope sender, which receives bounces; <> for the null sender.",
  ),
  recipients: {
    type: "array",
    minItems: 1,
    maxItems: 1000,
    items: address,
    description: "The envelope recipients. An invalid address is reported in the result of that recipient.",
  },
} as const;

const author = { type: "string", minLength: 3, maxLength: 320, format: "one-line" } as const;

/** A message that is composed here. */
export const messageFields = {
  type: "object",
  description: "Fields to compose the message from.",
  properties: {
    from: { ...author, description: "The author's address; the envelope sender by default." },
    to: { type: "array", maxItems: 100, items: author, description: "The addresses in To; the envelope recipients by default." },
    cc: { type: "array", maxItems: 100, items: author, default: [], description: "The addresses in Cc." },
    reply_to: { ...author, description: "Where replies go (Reply-To)." },
    subject: { type: "string", maxLength: 998, format: "one-line", default: "", description: "The subject." },
    text: { type: "string", maxLength: 4 * 1024 * 1024, default: "", description: "The plain-text body." },
    html: { type: "string", maxLength: 4 * 1024 * 1024, description: "The HTML body." },
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

/** Delivery settings: configured once for a service, and overridable for a single delivery. */
export const deliverySettings = {
  mode: {
    enum: DELIVERY_MODES,
    default: "direct",
    description:
      "direct: to the mail hosts of each recipient. relay: through a relay. hybrid: direct, falling back to a relay if no mail host can be reached, but never after a rejection. smart: the route that has worked best for the site so far.",
  },
  relays: { type: "array", maxItems: 8, items: relayInput, default: [], description: "The relays; the first one that answers is used." },
  helo_domain: orReference({ type: "string", minLength: 1, maxLength: 255, format: "host" }, "The name to use in EHLO; this machine's host name by default."),
  dkim: { type: "array", maxItems: 8, items: dkimKeySchema, default: [], description: "The DKIM keys to sign with (RFC 6376); each adds one signature." },
  tls: tlsPolicyInput,
  limits: limitsInput,
  retry: retryInput,
  source_addresses: {
    type: "array",
    maxItems: 64,
    items: { type: "string", format: "address" },
    default: [],
    description: "Local addresses to connect from, in turn. If empty, the system chooses.",
  },
  warm_up: {
    anyOf: [{ type: "boolean" }, { type: "array", minItems: 1, maxItems: 60, items: { type: "integer", minimum: 1, maximum: 1_000_000 } }],
    default: false,
    description:
      "Daily limits for direct sending from a new source address; recipients over the limit wait until the next day. true: 50 recipients a day for 3 days, 200 for 4 days, 500 for 7 days, unlimited from day 15. Or a list of limits, one per day.",
  },
  suppress_bounces: {
    type: "boolean",
    default: false,
    description:
      "Add a recipient to the suppression list if the address does not exist or the mailbox is disabled permanently. Off by default: a mail host that is misconfigured for an hour rejects every recipient this way.",
  },
  mx_port: { ...port, default: 25, description: "The SMTP port of mail hosts." },
  allow_private_addresses: {
    type: "boolean",
    default: false,
    description: "Allow mail hosts with addresses that are not global, such as loopback and private ones.",
  },
} as const;

/** Options of a single message. */
export const messageOptions = {
  priority: { enum: DELIVERY_PRIORITIES, default: "NORMAL", description: "Which messages go first when several wait for the same site." },
  dsn: dsnInput,
  requiretls: { type: "boolean", default: false, description: "Send only over TLS, and only to hosts that offer REQUIRETLS (RFC 8689)." },
} as const;

const attemptRecord = record({
  way: { enum: DELIVERY_WAYS },
  site: nullable({ type: "string" }, "The mail site; null for a relay."),
  host: { type: "string" },
  ip_address: nullable({ type: "string" }, "Null if no connection was attempted."),
  port: { type: "integer" },
  source_address: nullable({ type: "string" }, "The local address; null if the system chose it."),
  reused: { type: "boolean", description: "True if the session had already carried another message." },
  began: { type: "string", description: "In UTC with microseconds." },
  at_ms: { type: "number", description: "When it began, measured from the start of the run." },
  duration_ms: { type: "number" },
  tls: { enum: ["none", "secured", "refused", "failed"], description: "The outcome of TLS on this connection." },
  tls_version: nullable({ type: "string" }),
  tls_policy: nullable(tlsRuleSchema.properties.source, "The policy that required TLS; null for a relay."),
  tls_result: {
    ...tlsResultSchema.properties.result_type,
    description: "How the session violated the policy, including a policy in testing mode; null if it did not.",
  },
  recipients: list({ type: "integer" }, "The recipients of this attempt, as indexes into the list of recipients."),
  outcome: {
    enum: ["accepted", "refused", "not_sent", "unknown", "not_connected"],
    description:
      "accepted: accepted for at least one recipient. refused: rejected by the server. not_sent: the connection was lost before the final dot of DATA. unknown: it was lost after the final dot. not_connected: no session was opened.",
  },
  ended_at: nullable({ enum: PHASES }, "The phase in which it ended; null if it was accepted."),
  code: nullable({ type: "integer" }, "The reply code that ended it."),
  message: nullable({ type: "string" }, "The text of that reply, or the failure."),
  operations: list(operationSchema, "Every step of the attempt, in order."),
});
export type DeliveryAttempt = FromSchema<typeof attemptRecord>;

const recipientRecord = record({
  address: { type: "string", description: "The address as given in the input." },
  domain: nullable({ type: "string" }, "The domain of the address, in A-labels."),
  site: nullable({ type: "string" }, "The mail site of the domain; null if it was not looked up or does not exist."),
  outcome: {
    enum: DELIVERY_OUTCOMES,
    description:
      "delivered: a server accepted it. queued: a temporary failure, which the queue retries. bounced: rejected permanently, or for too long. failed: any other failure. unknown: the connection was lost after the final dot of DATA; sending it again may deliver it twice.",
  },
  class: nullable({ enum: DELIVERY_CLASSES }, "Why it was not delivered; null if it was."),
  way: nullable({ enum: DELIVERY_WAYS }, "The route of the deciding attempt; null if there was none."),
  way_reason: nullable({ enum: WAY_REASONS }, "Why this route was chosen."),
  way_explanation: nullable({ type: "string" }, "A readable explanation."),
  code: nullable({ type: "integer" }, "The reply code that decided the outcome."),
  enhanced_code: nullable({ type: "string" }, "The enhanced status code (RFC 3463) of that reply."),
  message: nullable({ type: "string" }, "The text of that reply, or the failure."),
  matched: nullable({ type: "string" }, "The row of the reply table that classified the reply."),
  decided_at: nullable({ enum: PHASES }, "The phase in which the outcome was decided."),
  said_by: nullable({ enum: SAID_BY }, "The source of the deciding answer."),
  host: nullable({ type: "string" }, "The host that gave the deciding answer."),
  ip_address: nullable({ type: "string" }),
  failure: failureSchema,
  tries: { type: "integer", description: "Number of attempts, including those of earlier runs of the same job." },
  attempts: list({ type: "integer" }, "The attempts of this run for this recipient, as indexes into the list of attempts."),
  next: { enum: NEXT_STEPS, description: "The recommended or scheduled next step." },
  next_try_at: nullable({ type: "string" }, "When it will be, or may be, tried again; in UTC."),
  gives_up_at: nullable({ type: "string" }, "When retries end; in UTC. Null if there are none."),
});
export type DeliveryRecipient = FromSchema<typeof recipientRecord>;

/** Changes of a given message before it is signed and sent, and what could not be changed. */
const messageChange = record({
  code: {
    enum: ["bcc_removed", "date_added", "message_id_added", "lines_encoded", "lines_too_long"],
    description: "A stable code. lines_too_long: a line could not be encoded and servers may break it.",
  },
  message: { type: "string", description: "A readable explanation." },
});
export type MessageChange = FromSchema<typeof messageChange>;

/** The result of a delivery. */
export const deliveryOutput = {
  message_id: nullable({ type: "string" }, "The Message-ID of the header."),
  size_bytes: { type: "integer", description: "Size of the message as sent, including signatures, as counted by SIZE." },
  helo_domain: nullable({ type: "string" }, "The name used in EHLO; null if no session was opened."),
  mode: { enum: DELIVERY_MODES },
  recipients: list(recipientRecord, "One record per recipient, in the order of the input."),
  attempts: list(attemptRecord, "Every host that was tried, in order of time."),
  changes: list(messageChange, "Changes made to the message before sending."),
  dkim: dkimResultSchema,
} as const;

const deliveryReport = record(deliveryOutput);
export type DeliveryReport = FromSchema<typeof deliveryReport>;

const settingsRecord = { type: "object", properties: deliverySettings, additionalProperties: false } as const;
/** The settings once defaults are filled in. */
export type DeliverySettings = FromSchema<typeof settingsRecord>;

/** As a caller writes it. */
export type GivenMessage = FromSchema<typeof messageFields, { keepDefaultedPropertiesOptional: true }>;

const messageOptionsRecord = { type: "object", properties: messageOptions, additionalProperties: false } as const;
export type MessageOptions = FromSchema<typeof messageOptionsRecord>;

export type RelayInput = DeliverySettings["relays"][number];
