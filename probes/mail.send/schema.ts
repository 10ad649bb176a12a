import { NOTIFY_CONDITIONS } from "../../runner/net/smtp/dsn.js";
import { outputOf } from "../../schemas/carried.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import { dkimKeySchema, dkimResultSchema } from "../../schemas/dkim.js";
import { failureSchema, PHASES } from "../../schemas/failure.js";
import { findingSchema } from "../../schemas/finding.js";
import { attemptSchema, networkInput } from "../../schemas/network.js";
import { operationSchema } from "../../schemas/operation.js";
import { orReference, secretName, secretSchema } from "../../schemas/secret.js";
import { list, nullable, record, withoutDefault } from "../../schemas/shape.js";
import { AUTH_MECHANISMS, capabilitySchema } from "../../schemas/smtp.js";
import { tlsFactsSchema, tlsInput } from "../../schemas/tls.js";

const { address_family, source_address, resolver, connect_timeout_ms, command_timeout_ms, timeout_ms } = networkInput;

const CREDENTIALS = ["password", "password_secret", "access_token"];

/** Not part of the type: code that logs in takes the fields together. A user name needs one credential, and a credential a user name. */
const loginRule: object = {
  dependentSchemas: {
    username: { oneOf: CREDENTIALS.map((name) => ({ properties: { [name]: {} }, required: [name] })) },
  },
  dependentRequired: Object.fromEntries(CREDENTIALS.map((name) => [name, ["username"]])),
  examples: [{ host: "127.0.0.1", from_addr: "monitor@example.org", to_addr: "inbox@example.org", subject_prefix: "[monitor]" }],
};

/** The same for what an attachment holds. */
const contentRule: object = {
  oneOf: ["text", "base64"].map((name) => ({ properties: { [name]: {} }, required: [name] })),
};

/** An address, with or without a display name. checkInput() reports what is wrong with one: a pattern could not. */
const address = { type: "string", minLength: 3, maxLength: 320, format: "one-line" } as const;
const seconds = { type: "number", minimum: 0, maximum: 86_400 } as const;
const MAX_BODY_BYTES = 32 * 1024 * 1024;
const A_WEEK_MS = 7 * 86_400_000;

const attachment = {
  type: "object",
  ...contentRule,
  properties: {
    name: { type: "string", minLength: 1, maxLength: 255, format: "one-line", description: "The file name." },
    type: {
      type: "string",
      maxLength: 127,
      pattern: "^(?!message/|multipart/)[a-z0-9][a-z0-9.+-]*/[a-z0-9][a-z0-9.+-]*$",
      description: "The MIME type in lower case, not message/* or multipart/*; by default derived from the file extension.",
    },
    text: { type: "string", maxLength: 4 * 1024 * 1024, description: "The content, as text." },
    base64: { type: "string", maxLength: 16 * 1024 * 1024, pattern: "^[A-Za-z0-9+/\\s]*(?:=\\s*){0,2}$", description: "The content, in base64." },
  },
  required: ["name"],
  additionalProperties: false,
} as const;

const input = contract({
  title: "mail.send 1.0.0 input",
  type: "object",
  ...loginRule,
  properties: {
    host: { type: "string", format: "host", description: "The host name, IPv4 or IPv6 address of the mail server." },
    port: { type: "integer", minimum: 1, maximum: 65_535, default: 587, description: "The port to connect to." },
    tls: {
      enum: ["none", "starttls", "implicit"],
      default: "starttls",
      description: "How the connection is secured. If that fails, nothing is sent.",
    },
    username: orReference({ type: "string", minLength: 1, maxLength: 1024, format: "one-line" }, "The user name to log in with, or a reference to it."),
    password: { ...secretSchema, description: "The password, or a reference to it." },
    password_secret: secretName("Where to find the password: the name of an environment variable, or a reference."),
    access_token: { ...secretSchema, description: "An OAuth access token (XOAUTH2) instead of a password, or a reference to it." },
    from_addr: { ...address, description: "The sender: an address, with or without a display name. The envelope uses the address only." },
    to_addr: { ...address, description: "The recipient, in the same forms." },
    subject_prefix: {
      type: "string",
      minLength: 1,
      maxLength: 256,
      format: "one-line",
      description: "Prefix of the subject; the time in UTC and the token follow it.",
    },
    timeout: { type: "number", exclusiveMinimum: 0, maximum: 600, default: 30, description: "Seconds for connecting and for each reply." },
    retries: { type: "integer", minimum: 0, maximum: 1000, default: 2, description: "Maximum number of retries after a 4xx reply." },
    retry_delay: { ...seconds, default: 5, description: "Seconds before the first retry." },
    retry_schedule: {
      enum: ["fixed", "exponential", "until"],
      default: "fixed",
      description:
        "fixed: after retry_delay each time. exponential: the delay doubles with each retry, with jitter. until: like exponential, without a limit on retries, until retry_until has passed.",
    },
    retry_delay_max: { ...seconds, default: 300, description: "Seconds of the longest delay between attempts; does not apply to fixed." },
    retry_until: { ...seconds, maximum: 432_000, default: 900, description: "Seconds after the first attempt at which the last one is made, with until." },
    auth: {
      type: "object",
      description: "How to log in.",
      properties: {
        mechanism: { enum: ["auto", ...AUTH_MECHANISMS], default: "auto", description: "auto: the strongest mechanism that the server offers." },
        allow_plaintext: { type: "boolean", default: false, description: "Allow sending the password unencrypted if there is no TLS." },
      },
      additionalProperties: false,
      default: {},
    },
    tls_options: {
      type: "object",
      description: "Requirements for TLS.",
      properties: {
        ...tlsInput,
        verify: { ...tlsInput.verify, default: "require" },
      },
      additionalProperties: false,
      default: {},
    },
    helo_domain: { type: "string", format: "host", description: "The name to use in EHLO; this machine's host name by default." },
    recipients: { type: "array", maxItems: 100, items: address, default: [], description: "Further recipients. The outcome is reported per recipient." },
    reply_to: { ...address, description: "Where replies go (Reply-To)." },
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
      description: "Further header fields of the message.",
    },
    text: { type: "string", maxLength: 4 * 1024 * 1024, description: "The plain-text body; by default a sentence that explains the test message." },
    html: { type: "string", maxLength: 4 * 1024 * 1024, description: "The HTML body." },
    size_bytes: { type: "integer", minimum: 1, maximum: MAX_BODY_BYTES, description: "Pads the text to this number of bytes." },
    attachments: { type: "array", maxItems: 20, items: attachment, default: [], description: "The attachments." },
    dkim: { type: "array", maxItems: 4, items: dkimKeySchema, default: [], description: "DKIM signing keys. If one of them cannot sign, nothing is sent." },
    smtputf8: { type: "boolean", default: false, description: "Use SMTPUTF8 even if all addresses are ASCII." },
    require_tls: { type: "boolean", default: false, description: "Require TLS for the rest of the route (REQUIRETLS, RFC 8689)." },
    dsn: {
      type: "object",
      description: "Delivery status notifications (DSN) to request. If the server does not offer DSN, nothing is sent.",
      properties: {
        notify: {
          type: "array",
          minItems: 1,
          maxItems: 3,
          items: { enum: NOTIFY_CONDITIONS },
          description: "The events to report: NEVER alone, or any of the others.",
        },
        ret: { enum: ["FULL", "HDRS"], description: "How much of the message a notification returns." },
        envid: {
          type: "string",
          minLength: 1,
          maxLength: 100,
          pattern: "^[ -~]*$",
          description: "An envelope identifier in printable ASCII, returned in every notification.",
        },
        orcpt: { type: "boolean", default: false, description: "Send ORCPT with each recipient's original address." },
      },
      additionalProperties: false,
    },
    token: {
      type: "string",
      minLength: 4,
      maxLength: 128,
      pattern: "^[A-Za-z0-9][A-Za-z0-9_-]*$",
      description: "The token for the subject: letters, digits, - and _; six random characters by default.",
    },
    message_id: {
      type: "string",
      maxLength: 250,
      pattern: "^<[!-;=?A-~]+@[!-;=?A-~]+>$",
      description: "The Message-ID, with angle brackets; generated by default.",
    },
    address_family,
    source_address,
    resolver,
    connect_timeout_ms: { ...withoutDefault(connect_timeout_ms), description: "Timeout for the name look-up and connecting; overrides timeout." },
    command_timeout_ms: { ...withoutDefault(command_timeout_ms), description: "Timeout for the greeting and for each reply; overrides timeout." },
    timeout_ms: {
      ...withoutDefault(timeout_ms),
      maximum: A_WEEK_MS,
      description: "Timeout for the whole run; by default long enough for all attempts and the delays between them.",
    },
  },
  required: ["host", "from_addr", "to_addr", "subject_prefix"],
  additionalProperties: false,
});

/** The error types of the checks that this probe replaces. */
export const ERROR_TYPES = [
  "configuration_error",
  "auth_error",
  "recipient_refused",
  "temporary_failure",
  "smtp_error",
  "timeout",
  "connection_error",
] as const;
export type ErrorType = (typeof ERROR_TYPES)[number];

const errorType = nullable({ enum: ERROR_TYPES }, "The type of failure; null if nothing failed.");
const replyCode = nullable({ type: "integer" }, "The reply code that decided the outcome.");
const replyMessage = nullable({ type: "string" }, "The text of that reply.");

export const recipientSchema = record({
  address: { type: "string" },
  outcome: {
    enum: ["accepted", "refused", "deferred", "not_sent", "unknown"],
    description: "deferred: a 4xx reply. not_sent: no reply was received for this recipient. unknown: the connection was lost before the reply to the message.",
  },
  attempt: nullable({ type: "integer" }, "The number of the deciding attempt, counted from 1; null if there was none."),
  phase: nullable({ enum: PHASES }, "The phase in which it was decided."),
  code: replyCode,
  enhanced_code: nullable({ type: "string" }, "The enhanced status code (RFC 3463) of that reply."),
  message: replyMessage,
});

export const sendAttemptSchema = record({
  number: { type: "integer", description: "Number of the attempt, counted from 1 over all runs of a job." },
  began: { type: "string", description: "In UTC." },
  waited_ms: { type: "number", description: "Delay since the previous attempt; 0 for the first." },
  duration_ms: { type: "number" },
  recipients: list({ type: "integer" }, "The recipients of this attempt, as indexes into the list of recipients."),
  dialled: list(attemptSchema, "Every address that was tried, in order."),
  operations: list(operationSchema, "The steps of the attempt. For earlier runs of a job, kept for the last two attempts only."),
  reply_code: replyCode,
  reply_message: replyMessage,
  error_type: errorType,
  failure: failureSchema,
});

const output = contract({
  title: "mail.send 1.0.0 output",
  ...outputOf({
    error_type: errorType,
    delivery: {
      enum: ["accepted", "partial", "refused", "not_sent", "unknown"],
      description: "The outcome of the message. unknown: it may have been accepted, and was not sent again to avoid a duplicate.",
    },
    host: { type: "string" },
    port: { type: "integer" },
    from_addr: { type: "string" },
    to_addr: { type: "string" },
    token: { type: "string", description: "The token in the subject, used to find the message." },
    subject: { type: "string" },
    message_id: { type: "string" },
    message_size_bytes: nullable({ type: "integer" }, "Size as counted by SIZE; null if no message was composed."),
    dkim: nullable(dkimResultSchema, "The result of DKIM signing; null if no keys were given."),
    reply_code: replyCode,
    reply_message: replyMessage,
    recipients: list(recipientSchema, "to_addr first, then the further ones."),
    attempt_count: { type: "integer", description: "Number of attempts." },
    attempts: list(
      sendAttemptSchema,
      "The attempts in order. All send the same message, with the same Message-ID and date. If earlier runs of a job made many, only the first and the last ones are listed.",
    ),
    goes_on_at: nullable({ type: "string" }, "When a queue worker makes the next attempt, in UTC; null if there is none."),
    greylisted: { type: "boolean", description: "True if a recipient was greylisted, judging by the text of the reply." },
    greylist_delay_ms: nullable({ type: "number" }, "Time from that reply to the accepted attempt; null if either is missing."),
    banner: nullable({ type: "string" }, "The last greeting, with lines joined by line feeds."),
    helo_domain: nullable({ type: "string" }, "The name we said."),
    capabilities: nullable(list(capabilitySchema), "The capabilities offered by the last EHLO; null if there was none."),
    capabilities_before_tls: nullable(list(capabilitySchema), "The capabilities offered by EHLO before STARTTLS."),
    tls: nullable(tlsFactsSchema, "The last TLS session; null if there was none."),
    auth: nullable(
      record({
        mechanism: nullable({ enum: AUTH_MECHANISMS }, "The mechanism used; null if none was possible."),
        accepted: { type: "boolean" },
      }),
      "The last login; null if no credentials were given or it was not reached.",
    ),
    findings: list(findingSchema, "Judgements that explain why the status is not ok."),
  }),
});

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
export type Recipient = Output["recipients"][number];
export type SendAttempt = Output["attempts"][number];
