import { outputOf } from "../../schemas/carried.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import { findingSchema } from "../../schemas/finding.js";
import { authenticationSchema } from "../../schemas/mail-authentication.js";
import { networkInput, networkOutput } from "../../schemas/network.js";
import { receivedHopsSchema } from "../../schemas/received.js";
import { orReference, secretName, secretSchema } from "../../schemas/secret.js";
import { list, nullable, record, withoutDefault } from "../../schemas/shape.js";
import { AUTH_MECHANISMS } from "../../schemas/smtp.js";
import { spamFactsSchema } from "../../schemas/spam.js";
import { tlsFactsSchema, tlsInput } from "../../schemas/tls.js";
import { MAIL_ERROR_TYPES } from "./error-type.js";

const { address_family, source_address, resolver, connect_timeout_ms, command_timeout_ms, timeout_ms } = networkInput;

const MINUTES_A_YEAR = 525_600;

/** A text of a message's header. */
const text = { type: "string", minLength: 1, maxLength: 512, format: "one-line" } as const;
const folderName = { type: "string", minLength: 1, maxLength: 512, format: "one-line" } as const;
const severity = { enum: ["critical", "warning"] } as const;

/** Not part of the type: whoever reads the input looks at each field anyway. */
const rules: object = {
  allOf: [
    { anyOf: ["token", "message_id", "subject_prefix", "search_subject"].map(given) },
    { oneOf: ["password", "password_secret", "access_token"].map(given) },
  ],
  examples: [{ host: "127.0.0.1", username: "monitor@example.org", password: "an-app-password", search_subject: "[monitor]" }],
};

function given(name: string): object {
  return { properties: { [name]: {} }, required: [name] };
}

const input = contract({
  title: "mail.receive 1.0.0 input",
  type: "object",
  ...rules,
  properties: {
    host: { type: "string", format: "host", description: "The IMAP server's host name, or its IPv4 or IPv6 address." },
    port: { type: "integer", minimum: 1, maximum: 65_535, default: 993, description: "Its port." },
    tls_mode: {
      enum: ["none", "starttls", "implicit"],
      default: "implicit",
      description: "implicit: TLS from the first byte. starttls: it is asked for. none: the password can be read on the way.",
    },
    username: orReference({ type: "string", minLength: 1, maxLength: 1024, format: "one-line" }, "The account's name, or a reference to it."),
    password: { ...secretSchema, description: "The account's password, or a reference to it." },
    password_secret: secretName("Where the password is: the name of an environment variable, or a reference."),
    access_token: { ...secretSchema, description: "An OAuth access token in the place of a password, or a reference to it." },
    folder: { ...folderName, default: "INBOX", description: "The folder to search, and to listen in for what arrives." },
    folders: {
      type: "array",
      maxItems: 8,
      items: folderName,
      default: ["\\Junk"],
      description: "Further folders to search: by name, or by special use (RFC 6154) as \\Junk. Those that are not there are left out.",
    },
    token: {
      type: "string",
      pattern: "^[A-Za-z0-9][A-Za-z0-9_-]*$",
      minLength: 4,
      maxLength: 128,
      description: "A word of the subject: the token that mail.send returns.",
    },
    message_id: { ...text, description: "The Message-ID, with or without its angle brackets." },
    subject_prefix: { ...text, description: "What the subject begins with." },
    search_subject: { ...text, description: "What the subject contains, in any case." },
    max_age_minutes: { type: "number", exclusiveMinimum: 0, maximum: MINUTES_A_YEAR, default: 30, description: "What arrived longer ago is not looked at." },
    no_recent_message_severity: { ...severity, default: "critical", description: "What it makes of the run that no such message is there." },
    spam_severity: { ...severity, default: "warning", description: "What it makes of the run that the message is among the spam." },
    delete_after_check: { type: "boolean", default: false, description: "Deletes the messages that matched, and no other." },
    timeout: { type: "number", exclusiveMinimum: 0, maximum: 600, default: 30, description: "Seconds for connecting and for each command." },
    retries: { type: "integer", minimum: 0, maximum: 1000, default: 2, description: "How often a search that found nothing is repeated." },
    retry_delay: {
      type: "number",
      minimum: 0,
      maximum: 3600,
      default: 10,
      description: "Seconds between two searches: what arrives meanwhile is seen at once.",
    },
    wait_ms: {
      type: "integer",
      minimum: 0,
      maximum: 3_600_000,
      description: "How long to wait for the message, in the place of retries and retry_delay.",
    },
    poll_interval_ms: {
      type: "integer",
      minimum: 50,
      maximum: 600_000,
      default: 5000,
      description: "While it waits, how often the further folders are looked at, and the first one too where the server has no IDLE.",
    },
    duplicate_wait_ms: {
      type: "integer",
      minimum: 0,
      maximum: 600_000,
      default: 0,
      description: "How long to look out for a second copy once the first is there.",
    },
    authserv_ids: {
      type: "array",
      maxItems: 16,
      items: text,
      default: [],
      description: "Whose Authentication-Results are believed; whoever wrote the topmost ones by default.",
    },
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
      properties: { ...tlsInput, verify: { ...tlsInput.verify, default: "require" } },
      additionalProperties: false,
      default: {},
    },
    address_family,
    source_address,
    resolver,
    connect_timeout_ms: { ...withoutDefault(connect_timeout_ms), description: "For name look-up and connecting, in the place of timeout." },
    command_timeout_ms: { ...withoutDefault(command_timeout_ms), description: "For the greeting and for each command, in the place of timeout." },
    timeout_ms: { ...withoutDefault(timeout_ms), maximum: 7_200_000, description: "For the whole run; by default the wait, and twice timeout." },
  },
  required: ["host", "username"],
  additionalProperties: false,
});

const messageSchema = record({
  folder: { type: "string" },
  is_spam_folder: { type: "boolean" },
  uid: { type: "integer" },
  internal_date: nullable({ type: "string" }, "When the server took it, in UTC."),
  age_seconds: nullable({ type: "number" }, "How long before this run's look that was."),
  size_bytes: nullable({ type: "integer" }),
  message_id: nullable({ type: "string" }, "With its angle brackets."),
  subject: nullable({ type: "string" }, "Decoded."),
  token: nullable({ type: "string" }, "The token that was asked for, where it was."),
  is_duplicate: { type: "boolean", description: "An older copy of it is there." },
  arrived_at: nullable({ type: "string" }, "When the server told of it while we listened, in UTC with microseconds; null for what was there before."),
  received: receivedHopsSchema,
  authentication: authenticationSchema,
  spam: spamFactsSchema,
  is_header_cut: { type: "boolean", description: "Its header was longer than what is read." },
});

const folderSchema = record({
  name: { type: "string" },
  special_use: nullable({ type: "string" }, "As \\Junk, where the server says so."),
  is_spam_folder: { type: "boolean" },
  outcome: { enum: ["searched", "not_searched", "missing", "failed"], description: "missing: the server lists no such folder. failed: it would not open it." },
  messages: nullable({ type: "integer" }, "How many messages it holds."),
  uid_validity: nullable({ type: "integer" }),
  problem: nullable({ type: "string" }, "Why it could not be searched."),
});

const reconnectSchema = record({
  at_ms: { type: "number", description: "When the connection was lost, since the run began." },
  reason: { type: "string", description: "What ended it." },
  duration_ms: nullable({ type: "number" }, "Until the mailbox was open again; null when it never was."),
});

const output = contract({
  title: "mail.receive 1.0.0 output",
  ...outputOf({
    host: { type: "string" },
    port: { type: "integer" },
    ...networkOutput,
    error_type: nullable({ enum: MAIL_ERROR_TYPES }, "Why the run is no success, in the words of the checks that this probe replaces."),
    error_msg: nullable({ type: "string" }, "The same for a person."),
    severity: nullable(severity, "Of a message that is not there."),
    tls: nullable(tlsFactsSchema, "The TLS session; null when there was none."),
    capabilities: nullable(list({ type: "string" }), "What the server can do, once logged in."),
    auth: nullable(
      record({
        mechanism: nullable({ enum: AUTH_MECHANISMS }, "The mechanism that was used; null when none fitted."),
        accepted: { type: "boolean" },
      }),
      "The last login; null when it was not reached, or the server knew us already.",
    ),
    matched_uids: list({ type: "integer" }, "Of every message that matched, in the order of messages."),
    latest_internaldate: nullable({ type: "string" }, "When the server took the newest of them, in UTC."),
    found_by: nullable(
      { enum: ["first_search", "idle", "noop"] },
      "first_search: it was there. idle: the server told of it while we listened. noop: a later look found it.",
    ),
    waited_ms: nullable({ type: "number" }, "From the first search to the message; null when none was found."),
    searches: { type: "integer", description: "How often a folder was searched, the same one or another." },
    matched: { type: "integer", description: "How many messages matched." },
    messages: list(messageSchema, "The newest of them, the newest first."),
    duplicates: { type: "integer", description: "How many of them are copies of another." },
    not_looked_at: { type: "integer", description: "How many more the server's search found, beyond those that are looked at." },
    too_old: { type: "integer", description: "How many matched and came before max_age_minutes." },
    deleted_uids: list({ type: "integer" }, "What was deleted for good."),
    folders: list(folderSchema, "Every folder that was asked for, in order."),
    reconnects: list(reconnectSchema, "Every connection that was lost while there was time to make another."),
    findings: list(findingSchema, "What was judged, and why the status is not ok."),
  }),
});

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
