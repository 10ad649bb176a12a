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

/** An address, with or without a display name. checkInput() says what is wrong with one: no pattern could. */
const address = { type: "string", minLength: 3, maxLength: 320, format: "one-line" } as const;
const seconds = { type: "number", minimum: 0, maximum: 86_400 } as const;
const MOST_BODY_BYTES = 32 * 1024 * 1024;
const A_WEEK_MS = 7 * 86_400_000;

const attachment = {
  type: "object",
  ...contentRule,
  properties: {
    name: { type: "string", minLength: 1, maxLength: 255, format: "one-line", description: "Its file name." },
    type: {
      type: "string",
      maxLength: 127,
      pattern: "^(?!message/|multipart/)[a-z0-9][a-z0-9.+-]*/[a-z0-9][a-z0-9.+-]*$",
      description: "Its MIME type in small letters, not message/* or multipart/*; by the name's ending by default.",
    },
    text: { type: "string", maxLength: 4 * 1024 * 1024, description: "What it holds, as text." },
    base64: { type: "string", maxLength: 16 * 1024 * 1024, pattern: "^[A-Za-z0-9+/\\s]*={0,2}\\s*$", description: "What it holds, in base64." },
  },
  required: ["name"],
  additionalProperties: false,
} as const;

const input = contract({
  title: "mail.send 1.0.0 input",
  type: "object",
  ...loginRule,
  properties: {
    host: { type: "string", format: "host", description: "The server to hand the message to: its host name, or its IPv4 or IPv6 address." },
    port: { type: "integer", minimum: 1, maximum: 65_535, default: 587, description: "The port to connect to." },
    tls: {
      enum: ["none", "starttls", "implicit"],
      default: "starttls",
      description: "How the connection is secured. Where that fails nothing is sent.",
    },
    username: orReference({ type: "string", minLength: 1, maxLength: 1024, format: "one-line" }, "The account to log in to, or a reference to its name."),
    password: { ...secretSchema, description: "Its password, or a reference to it." },
    password_secret: secretName("Where its password is: the name of an environment variable, or a reference."),
    access_token: { ...secretSchema, description: "The access token of XOAUTH2 in the place of a password, or a reference to it." },
    from_addr: { ...address, description: "The sender: an address, with or without a display name. The envelope has the address alone." },
    to_addr: { ...address, description: "The recipient, in the same forms." },
    subject_prefix: {
      type: "string",
      minLength: 1,
      maxLength: 256,
      format: "one-line",
      description: "What the subject begins with; the time in UTC and the token follow.",
    },
    timeout: { type: "number", exclusiveMinimum: 0, maximum: 600, default: 30, description: "Seconds for connecting and for each reply." },
    retries: { type: "integer", minimum: 0, maximum: 1000, default: 2, description: "How often it is tried again after a 4xx reply." },
    retry_delay: { ...seconds, default: 5, description: "Seconds before it is tried again, or before the first time of them." },
    retry_schedule: {
      enum: ["fixed", "exponential", "until"],
      default: "fixed",
      description:
        "fixed: every retry_delay. exponential: after twice as long each time, less a random part. until: the same, however often, until retry_until has passed.",
    },
    retry_delay_max: { ...seconds, default: 300, description: "Seconds that no delay goes beyond, other than that of fixed." },
    retry_until: { ...seconds, maximum: 432_000, default: 900, description: "Seconds after the first attempt at which the last one is made; for until." },
    auth: {
      type: "object",
      description: "How to log in.",
      properties: {
        mechanism: { enum: ["auto", ...AUTH_MECHANISMS], default: "auto", description: "auto takes the strongest that the server offers." },
        allow_plaintext: { type: "boolean", default: false, description: "Send a password that can be read on the way when there is no TLS." },
      },
      additionalProperties: false,
      default: {},
    },
    tls_options: {
      type: "object",
      description: "Which TLS is good enough.",
      properties: {
        ...tlsInput,
        verify: { ...tlsInput.verify, default: "require" },
      },
      additionalProperties: false,
      default: {},
    },
    helo_domain: { type: "string", format: "host", description: "The name to say in EHLO; this machine's own by default." },
    recipients: { type: "array", maxItems: 100, items: address, default: [], description: "Further recipients. Each has an outcome of its own." },
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
    text: { type: "string", maxLength: 4 * 1024 * 1024, description: "The message's text; by default a sentence that says what it is." },
    html: { type: "string", maxLength: 4 * 1024 * 1024, description: "The same as HTML." },
    size_bytes: { type: "integer", minimum: 1, maximum: MOST_BODY_BYTES, description: "The text is filled up to so many bytes." },
    attachments: { type: "array", maxItems: 20, items: attachment, default: [], description: "What is attached." },
    dkim: { type: "array", maxItems: 4, items: dkimKeySchema, default: [], description: "Keys to sign with (DKIM). When one cannot sign, nothing is sent." },
    smtputf8: { type: "boolean", default: false, description: "Say SMTPUTF8 also where no address is beyond ASCII." },
    require_tls: { type: "boolean", default: false, description: "Ask that nobody hands the message on without TLS (REQUIRETLS)." },
    dsn: {
      type: "object",
      description: "Which notifications to ask for (DSN). A server that does not offer them is sent nothing.",
      properties: {
        notify: {
          type: "array",
          minItems: 1,
          maxItems: 3,
          items: { enum: NOTIFY_CONDITIONS },
          description: "What to tell of each recipient: NEVER alone, or any of the others.",
        },
        ret: { enum: ["FULL", "HDRS"], description: "How much of the message comes back." },
        envid: { type: "string", minLength: 1, maxLength: 100, pattern: "^[ -~]*$", description: "Printable ASCII that comes back in every notification." },
        orcpt: { type: "boolean", default: false, description: "Name each recipient as the one that was written." },
      },
      additionalProperties: false,
    },
    token: {
      type: "string",
      minLength: 4,
      maxLength: 128,
      pattern: "^[A-Za-z0-9][A-Za-z0-9_-]*$",
      description: "The token to put into the subject, of letters, digits, - and _; six random characters by default.",
    },
    message_id: {
      type: "string",
      maxLength: 250,
      pattern: "^<[!-;=?A-~]+@[!-;=?A-~]+>$",
      description: "The Message-ID in its angle brackets; a new one by default.",
    },
    address_family,
    source_address,
    resolver,
    connect_timeout_ms: { ...withoutDefault(connect_timeout_ms), description: "For name look-up and connecting, in the place of timeout." },
    command_timeout_ms: { ...withoutDefault(command_timeout_ms), description: "For the greeting and for each reply, in the place of timeout." },
    timeout_ms: {
      ...withoutDefault(timeout_ms),
      maximum: A_WEEK_MS,
      description: "For the whole run with all its attempts; by default what the attempts and the waits between them can take.",
    },
  },
  required: ["host", "from_addr", "to_addr", "subject_prefix"],
  additionalProperties: false,
});

/** The words of the checks that this probe takes the place of. */
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

const errorType = nullable({ enum: ERROR_TYPES }, "The kind of failure, in few words; null when nothing failed.");
const replyCode = nullable({ type: "integer" }, "The reply code that decided.");
const replyMessage = nullable({ type: "string" }, "Its text.");

export const recipientSchema = record({
  address: { type: "string" },
  outcome: {
    enum: ["accepted", "refused", "deferred", "not_sent", "unknown"],
    description: "deferred: a 4xx reply. not_sent: nobody has said anything of it. unknown: the connection was lost before the reply to the message.",
  },
  attempt: nullable({ type: "integer" }, "The attempt that decided, counted from 1; null before any has."),
  phase: nullable({ enum: PHASES }, "What was being done when it was decided."),
  code: replyCode,
  enhanced_code: nullable({ type: "string" }, "Its enhanced status code (RFC 3463)."),
  message: replyMessage,
});

export const sendAttemptSchema = record({
  number: { type: "integer", description: "Counted from 1, over all runs of a job." },
  began: { type: "string", description: "In UTC." },
  waited_ms: { type: "number", description: "After the attempt before it; 0 for the first." },
  duration_ms: { type: "number" },
  recipients: list({ type: "integer" }, "Those that were still to be tried: their places among the recipients, from 0."),
  dialled: list(attemptSchema, "Every address that was dialled, in order."),
  operations: list(operationSchema, "Its steps. Of earlier runs of a job, those of the last two attempts only."),
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
      description: "What became of the message. unknown: it may arrive, and was not sent again, for then it might arrive twice.",
    },
    host: { type: "string" },
    port: { type: "integer" },
    from_addr: { type: "string" },
    to_addr: { type: "string" },
    token: { type: "string", description: "Stands in the subject: whoever looks for the message looks for it." },
    subject: { type: "string" },
    message_id: { type: "string" },
    message_size_bytes: nullable({ type: "integer" }, "As SIZE counts it; null when no message was made."),
    dkim: nullable(dkimResultSchema, "What was signed; null when nothing was to be."),
    reply_code: replyCode,
    reply_message: replyMessage,
    recipients: list(recipientSchema, "to_addr first, then the further ones."),
    attempt_count: { type: "integer", description: "How many attempts were made." },
    attempts: list(
      sendAttemptSchema,
      "In order. All have the same message, down to its Message-ID and its date. Of many in earlier runs of a job, the first and the last ones.",
    ),
    goes_on_at: nullable({ type: "string" }, "When a queue's worker makes the next attempt, in UTC; null when there is none."),
    greylisted: { type: "boolean", description: "A recipient was told to come back, in words that greylists use." },
    greylist_delay_ms: nullable({ type: "number" }, "From that reply to the attempt that was accepted; null without both."),
    banner: nullable({ type: "string" }, "The last greeting, its lines joined by line feeds."),
    helo_domain: nullable({ type: "string" }, "The name we said."),
    capabilities: nullable(list(capabilitySchema), "What the last EHLO offered; null where there was none."),
    capabilities_before_tls: nullable(list(capabilitySchema), "What EHLO offered in the clear, where TLS came after it."),
    tls: nullable(tlsFactsSchema, "The last TLS session; null when there was none."),
    auth: nullable(
      record({
        mechanism: nullable({ enum: AUTH_MECHANISMS }, "The mechanism that was used; null when none fitted."),
        accepted: { type: "boolean" },
      }),
      "The last login; null when none was asked for, or it was not reached.",
    ),
    findings: list(findingSchema, "What was judged, and why the status is not ok."),
  }),
});

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
export type Recipient = Output["recipients"][number];
export type SendAttempt = Output["attempts"][number];
