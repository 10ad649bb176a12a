import { outputOf } from "../../schemas/carried.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import { findingSchema } from "../../schemas/finding.js";
import { imapAccount, imapFolder, imapLoginSchema, imapSecurity } from "../../schemas/imap-account.js";
import { authenticationSchema } from "../../schemas/mail-authentication.js";
import { verificationProperties } from "../../schemas/mail-verification.js";
import { networkInput, networkOutput } from "../../schemas/network.js";
import { receivedHopsSchema } from "../../schemas/received.js";
import { list, nullable, record, withoutDefault } from "../../schemas/shape.js";
import { spamFactsSchema } from "../../schemas/spam.js";
import { tlsFactsSchema } from "../../schemas/tls.js";
import { MAIL_ERROR_TYPES } from "./error-type.js";

const { address_family, source_address, resolver, connect_timeout_ms, command_timeout_ms, timeout_ms } = networkInput;

const MINUTES_A_YEAR = 525_600;

/** A text of a message's header. */
const text = { type: "string", minLength: 1, maxLength: 512, format: "one-line" } as const;
const severity = { enum: ["critical", "warning"] } as const;

/** Not part of the type: the code checks each field anyway. */
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
    ...imapAccount,
    folder: { ...imapFolder, default: "INBOX", description: "The folder to search and to watch for new messages." },
    folders: {
      type: "array",
      maxItems: 8,
      items: imapFolder,
      default: ["\\Junk"],
      description: "Further folders to search, by name or by special use (RFC 6154) such as \\Junk. Missing folders are skipped.",
    },
    token: {
      type: "string",
      pattern: "^[A-Za-z0-9][A-Za-z0-9_-]*$",
      minLength: 4,
      maxLength: 128,
      description: "A word in the subject: the token returned by mail.send.",
    },
    message_id: { ...text, description: "The Message-ID, with or without its angle brackets." },
    subject_prefix: { ...text, description: "Prefix of the subject." },
    search_subject: { ...text, description: "Text that the subject contains, case-insensitive." },
    max_age_minutes: {
      type: "number",
      exclusiveMinimum: 0,
      maximum: MINUTES_A_YEAR,
      default: 30,
      description: "Maximum age of a message in minutes; older ones are ignored.",
    },
    no_recent_message_severity: { ...severity, default: "critical", description: "Severity if no matching message is found." },
    spam_severity: { ...severity, default: "warning", description: "Severity if the message is in a spam folder." },
    delete_after_check: { type: "boolean", default: false, description: "Delete the matching messages, and no others." },
    timeout: { type: "number", exclusiveMinimum: 0, maximum: 600, default: 30, description: "Seconds for connecting and for each command." },
    retries: { type: "integer", minimum: 0, maximum: 1000, default: 2, description: "Number of times an empty search is repeated." },
    retry_delay: {
      type: "number",
      minimum: 0,
      maximum: 3600,
      default: 10,
      description: "Seconds between two searches; with IDLE, new messages are seen immediately.",
    },
    wait_ms: {
      type: "integer",
      minimum: 0,
      maximum: 3_600_000,
      description: "How long to wait for the message; overrides retries and retry_delay.",
    },
    poll_interval_ms: {
      type: "integer",
      minimum: 50,
      maximum: 600_000,
      default: 5000,
      description: "Poll interval for the further folders while waiting, and for the first folder if the server does not offer IDLE.",
    },
    duplicate_wait_ms: {
      type: "integer",
      minimum: 0,
      maximum: 600_000,
      default: 0,
      description: "How long to watch for duplicates after the message has arrived.",
    },
    authserv_ids: {
      type: "array",
      maxItems: 16,
      items: text,
      default: [],
      description: "The authserv-id whose Authentication-Results are trusted; by default that of the topmost field.",
    },
    verify: {
      type: "boolean",
      default: false,
      description: "Verify the newest messages found by SPF, DKIM, DMARC and ARC, as mail.verify does. Uses resolver.servers.",
    },
    trusted_hosts: {
      type: "array",
      maxItems: 32,
      items: text,
      default: [],
      description: "For verify: names of your own servers. The topmost Received field that one of them wrote gives the connecting address for SPF.",
    },
    ...imapSecurity,
    address_family,
    source_address,
    resolver,
    connect_timeout_ms: { ...withoutDefault(connect_timeout_ms), description: "Timeout for the name look-up and connecting; overrides timeout." },
    command_timeout_ms: { ...withoutDefault(command_timeout_ms), description: "Timeout for the greeting and for each command; overrides timeout." },
    timeout_ms: { ...withoutDefault(timeout_ms), maximum: 7_200_000, description: "Timeout for the whole run; by default the wait plus twice timeout." },
  },
  required: ["host", "username"],
  additionalProperties: false,
});

const messageSchema = record({
  folder: { type: "string" },
  is_spam_folder: { type: "boolean" },
  uid: { type: "integer" },
  internal_date: nullable({ type: "string" }, "When the server received the message (INTERNALDATE), in UTC."),
  age_seconds: nullable({ type: "number" }, "Age of the message when this run looked at it."),
  size_bytes: nullable({ type: "integer" }),
  message_id: nullable({ type: "string" }, "With its angle brackets."),
  subject: nullable({ type: "string" }, "Decoded."),
  token: nullable({ type: "string" }, "The token searched for, if it was given."),
  is_duplicate: { type: "boolean", description: "True if an older copy exists." },
  arrived_at: nullable({ type: "string" }, "When the server announced it during this run, in UTC with microseconds; null if it was already there."),
  received: receivedHopsSchema,
  authentication: authenticationSchema,
  spam: spamFactsSchema,
  verification: nullable(record(verificationProperties), "What the message's verification found; null without verify."),
  is_header_cut: { type: "boolean", description: "True if the header exceeded the size limit and was read in part only." },
});

const folderSchema = record({
  name: { type: "string" },
  special_use: nullable({ type: "string" }, "The special use, such as \\Junk, if the server announces one."),
  is_spam_folder: { type: "boolean" },
  outcome: {
    enum: ["searched", "not_searched", "missing", "failed"],
    description: "missing: the server lists no such folder. failed: it could not be opened.",
  },
  messages: nullable({ type: "integer" }, "How many messages it holds."),
  uid_validity: nullable({ type: "integer" }),
  problem: nullable({ type: "string" }, "Why it could not be searched."),
});

const reconnectSchema = record({
  at_ms: { type: "number", description: "When the connection was lost, measured from the start of the run." },
  reason: { type: "string", description: "Why the connection ended." },
  duration_ms: nullable({ type: "number" }, "Time until the mailbox was open again; null if it never was."),
});

const output = contract({
  title: "mail.receive 1.0.0 output",
  ...outputOf({
    host: { type: "string" },
    port: { type: "integer" },
    ...networkOutput,
    error_type: nullable({ enum: MAIL_ERROR_TYPES }, "The error type, as named by the checks that this probe replaces."),
    error_msg: nullable({ type: "string" }, "A readable explanation."),
    severity: nullable(severity, "The severity of a missing message."),
    tls: nullable(tlsFactsSchema, "The TLS session; null if there was none."),
    capabilities: nullable(list({ type: "string" }), "The server's capabilities after login."),
    auth: imapLoginSchema,
    matched_uids: list({ type: "integer" }, "The UIDs of all matching messages, in the order of messages."),
    latest_internaldate: nullable({ type: "string" }, "When the server received the newest of them, in UTC."),
    found_by: nullable(
      { enum: ["first_search", "idle", "noop"] },
      "first_search: it was already there. idle: the server announced it. noop: a later search found it.",
    ),
    waited_ms: nullable({ type: "number" }, "Time from the first search to the message; null if none was found."),
    searches: { type: "integer", description: "Number of searches over all folders." },
    matched: { type: "integer", description: "Number of matching messages." },
    messages: list(messageSchema, "The newest matching messages, newest first."),
    duplicates: { type: "integer", description: "Number of matching messages that are copies of another." },
    not_looked_at: { type: "integer", description: "Number of search results that were not examined because of the limit." },
    too_old: { type: "integer", description: "Number of matching messages older than max_age_minutes." },
    deleted_uids: list({ type: "integer" }, "The UIDs that were deleted permanently."),
    folders: list(folderSchema, "Every requested folder, in order."),
    reconnects: list(reconnectSchema, "Every lost connection that was followed by a reconnect attempt."),
    findings: list(findingSchema, "Judgements that explain why the status is not ok."),
  }),
});

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
