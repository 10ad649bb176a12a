import { outputOf } from "../../schemas/carried.js";
import { type Contract, contract, type FilledOf, type GivenOf } from "../../schemas/contract.js";
import { findingSchema } from "../../schemas/finding.js";
import { authenticationSchema } from "../../schemas/mail-authentication.js";
import { receivedHopSchema } from "../../schemas/received.js";
import { list, nullable, record } from "../../schemas/shape.js";
import { spamFactsSchema } from "../../schemas/spam.js";
import { MAIL_ERROR_TYPES } from "../mail.receive/error-type.js";
import { newest as receiving } from "../mail.receive/schema.js";
import { ERROR_TYPES, newest as sending } from "../mail.send/schema.js";
import { elementOf, inputPart, outputPart } from "./parts.js";

/** Each run sends its own message, so the caller cannot set the fields that identify it. */
const DECIDED_OF_SENDING = ["token", "message_id", "timeout_ms"] as const;
const DECIDED_OF_RECEIVING = [
  "token",
  "message_id",
  "subject_prefix",
  "search_subject",
  "max_age_minutes",
  "no_recent_message_severity",
  "delete_after_check",
  "retries",
  "retry_delay",
  "wait_ms",
  "duplicate_wait_ms",
  "verify",
  "trusted_hosts",
  "timeout_ms",
] as const;

/** An upper bound that keeps the sum of three waits within the range of a timer. */
export const A_WEEK_MS = 7 * 86_400_000;

const limit = { type: "integer", minimum: 1, maximum: A_WEEK_MS } as const;
const limits = {
  type: "object",
  properties: {
    submission_ms: { ...limit, description: "From connecting for the accepted attempt to the server's positive reply." },
    transit_ms: { ...limit, description: "From the server's positive reply until the message is in the mailbox." },
    total_ms: { ...limit, description: "From the first attempt until the message is in the mailbox." },
  },
  additionalProperties: false,
} as const;

const result = { enum: ["pass", "fail", "softfail", "neutral", "none", "policy", "temperror", "permerror"] } as const;
const expectations = {
  type: "object",
  properties: {
    spf: { ...result, description: "The SPF result recorded by the receiver." },
    dkim: { ...result, description: "The DKIM result recorded by the receiver." },
    dmarc: { ...result, description: "The DMARC result recorded by the receiver." },
    arc: { ...result, description: "The ARC result recorded by the receiver." },
    folder: { enum: ["inbox", "spam"], description: "The folder in which the message arrives." },
    max_hops: { type: "integer", minimum: 1, maximum: 100, description: "Maximum number of Received fields." },
    max_duplicates: { type: "integer", minimum: 0, maximum: 100, description: "Maximum number of duplicates." },
    max_attempts: { type: "integer", minimum: 1, maximum: 1001, description: "Maximum number of submission attempts." },
  },
  additionalProperties: false,
} as const;

/** Not part of the type. */
const example: object = {
  examples: [
    {
      send: { host: "smtp.example.org", from_addr: "monitor@example.org", to_addr: "inbox@example.net", subject_prefix: "[roundtrip]" },
      receive: { host: "imap.example.net", username: "inbox@example.net", password: "an-app-password" },
    },
  ],
};

const ownInput = contract({
  title: "mail.roundtrip 1.0.0 input",
  type: "object",
  ...example,
  properties: {
    send: inputPart(sending.input, DECIDED_OF_SENDING, "How the message is sent: an input of mail.send.") as object,
    receive: inputPart(receiving.input, DECIDED_OF_RECEIVING, "Where the message is expected: an input of mail.receive without its search criteria.") as object,
    wait_ms: {
      type: "integer",
      minimum: 0,
      maximum: 86_400_000,
      default: 300_000,
      description: "How long to wait for the message after the server accepted it, or may have accepted it.",
    },
    duplicate_wait_ms: {
      type: "integer",
      minimum: 0,
      maximum: 600_000,
      default: 2000,
      description: "How long to watch for duplicates after the message has arrived.",
    },
    correlate_by: {
      enum: ["token_and_message_id", "token"],
      default: "token_and_message_id",
      description: "How the message is identified. token: for relays that replace the Message-ID.",
    },
    clean_up: { type: "boolean", default: false, description: "Delete the message and its copies, and nothing else." },
    thresholds: {
      type: "object",
      description: "Limits in milliseconds; exceeding one makes the run a warning or an error.",
      properties: { warning: { ...limits, description: "Limits for a warning." }, error: { ...limits, description: "Limits for an error." } },
      additionalProperties: false,
    },
    expect: { ...expectations, description: "Expectations whose violation is an error." },
    prefer: { ...expectations, description: "Expectations whose violation is a warning." },
    timeout_ms: {
      type: "integer",
      minimum: 1,
      maximum: A_WEEK_MS,
      description: "Timeout for the whole run; by default long enough for all attempts, delays and the clean-up.",
    },
  },
  required: ["send", "receive"],
  additionalProperties: false,
});

type SendPart<Whole> = Omit<Whole, (typeof DECIDED_OF_SENDING)[number]>;
type ReceivePart<Whole> = Omit<Whole, (typeof DECIDED_OF_RECEIVING)[number]>;
type Parts<Send, Receive> = { send: SendPart<Send>; receive: ReceivePart<Receive> };

// The two parts are the other probes' own contracts, whose types are known: derived once more from here, they would be too deep for the checker.
const input = ownInput as Contract<
  Omit<GivenOf<typeof ownInput>, "send" | "receive"> & Parts<GivenOf<typeof sending.input>, GivenOf<typeof receiving.input>>,
  Omit<FilledOf<typeof ownInput>, "send" | "receive"> & Parts<FilledOf<typeof sending.input>, FilledOf<typeof receiving.input>>
>;

export const SEND_FACTS = [
  "host",
  "port",
  "reply_code",
  "reply_message",
  "recipients",
  "attempt_count",
  "greylisted",
  "banner",
  "helo_domain",
  "tls",
  "auth",
  "dkim",
] as const;
export const ATTEMPT_FACTS = ["number", "began", "waited_ms", "duration_ms", "recipients", "reply_code", "reply_message", "error_type", "failure"] as const;
export const RECEIVE_FACTS = ["host", "port", "tls", "capabilities", "found_by", "searches", "folders", "reconnects"] as const;

const reached = {
  ip_address: nullable({ type: "string" }, "The address that was reached first; null if none was."),
  connected_time: nullable({ type: "string" }, "The moment TCP connected, in UTC with microseconds."),
};

const sendPart = outputPart(sending.output.schema, SEND_FACTS);
const receivePart = outputPart(receiving.output.schema, RECEIVE_FACTS);
const attempts = list(outputPart(elementOf(sending.output, "attempts"), ATTEMPT_FACTS), "Every submission attempt, in order.");

const ownOutput = contract({
  title: "mail.roundtrip 1.0.0 output",
  ...outputOf({
    failed_part: nullable({ enum: ["send", "imap"] }, "The part that failed, by the prefix of its operations."),
    error_type: nullable(
      { enum: [...new Set([...ERROR_TYPES, ...MAIL_ERROR_TYPES])] as ErrorType[] },
      "The type of failure, as in mail.send and mail.receive.",
    ),
    token: { type: "string", description: "The token in the subject." },
    message_id: { type: "string", description: "The Message-ID as sent; a relay may replace it." },
    subject: { type: "string" },
    delivery: {
      enum: ["accepted", "partial", "refused", "not_sent", "unknown"],
      description: "The outcome of sending. unknown: the connection was lost before the reply to the message.",
    },
    arrival: {
      enum: ["arrived", "not_arrived", "unknown", "not_awaited"],
      description: "unknown: the mailbox could not be watched to the end. not_awaited: the message was not accepted, so there was nothing to wait for.",
    },
    accepted_at: nullable({ type: "string" }, "When the server accepted the message, in UTC with microseconds."),
    seen_at: nullable({ type: "string" }, "When the IMAP server announced the message, in UTC with microseconds."),
    internal_date: nullable({ type: "string" }, "When the message was stored, by the IMAP server's own clock."),
    submission_ms: nullable({ type: "number" }, "From connecting for the accepted attempt to the server's positive reply."),
    greylist_delay_ms: nullable({ type: "number" }, "Time from the greylisting reply to the accepted attempt; null if there was none."),
    transit_ms: nullable({ type: "number" }, "From the server's positive reply until the message was seen; 0 if it was seen earlier."),
    total_ms: nullable({ type: "number" }, "From the first attempt until the message was seen."),
    hops: list(
      record({
        ...receivedHopSchema.properties,
        share_percent: nullable(
          { type: "number" },
          "Share of the time between the first and the last hop; dates have a resolution of one second. Null if that time is zero.",
        ),
      }),
      "Every hop recorded in the message, in the order of travel.",
    ),
    authentication: nullable(authenticationSchema, "Authentication results recorded by the receiver; null if the message did not arrive."),
    spam: spamFactsSchema,
    folder: nullable({ type: "string" }, "Where it lies."),
    is_spam_folder: nullable({ type: "boolean" }, "Null when it did not arrive."),
    uid: nullable({ type: "integer" }, "Its number there."),
    size_bytes: nullable({ type: "integer" }, "As it lies there."),
    duplicates: nullable({ type: "integer" }, "Number of duplicates; null if the message did not arrive."),
    clean_up: record({
      outcome: {
        enum: ["not_asked", "nothing_there", "deleted", "failed"],
        description: "failed: see the findings or the failure; the message may still exist.",
      },
      deleted_uids: list({ type: "integer" }),
    }),
    send: {
      ...sendPart,
      properties: { ...reached, ...sendPart.properties, attempts },
      required: ["ip_address", "connected_time", ...SEND_FACTS, "attempts"],
    } as object,
    receive: { ...receivePart, properties: { ...reached, ...receivePart.properties }, required: ["ip_address", "connected_time", ...RECEIVE_FACTS] } as object,
    findings: list(findingSchema, "Judgements that explain why the status is not ok."),
  }),
});

type ErrorType = (typeof ERROR_TYPES)[number] | (typeof MAIL_ERROR_TYPES)[number];
type SendOutput = FilledOf<typeof sending.output>;
type ReceiveOutput = FilledOf<typeof receiving.output>;
export type Reached = Pick<SendOutput, "ip_address" | "connected_time">;

/** As above: the parts come from the other probes' contracts. */
const output = ownOutput as Contract<
  unknown,
  Omit<FilledOf<typeof ownOutput>, "send" | "receive"> & {
    send: Reached & Pick<SendOutput, (typeof SEND_FACTS)[number]> & { attempts: Pick<SendOutput["attempts"][number], (typeof ATTEMPT_FACTS)[number]>[] };
    receive: Reached & Pick<ReceiveOutput, (typeof RECEIVE_FACTS)[number]>;
  }
>;

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
export type Expectations = NonNullable<Input["expect"]>;
export type Limits = NonNullable<NonNullable<Input["thresholds"]>["error"]>;
