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

/** Each run sends a message of its own: what tells it from all others is not the caller's to say. */
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
  "timeout_ms",
] as const;

/** Nobody waits longer; and timers reach no further than three of them. */
export const A_WEEK_MS = 7 * 86_400_000;

const limit = { type: "integer", minimum: 1, maximum: A_WEEK_MS } as const;
const limits = {
  type: "object",
  properties: {
    submission_ms: { ...limit, description: "From the connect of the attempt that was accepted to the server's yes." },
    transit_ms: { ...limit, description: "From the server's yes until the message is in the mailbox." },
    total_ms: { ...limit, description: "From the first attempt until the message is in the mailbox." },
  },
  additionalProperties: false,
} as const;

const result = { enum: ["pass", "fail", "softfail", "neutral", "none", "policy", "temperror", "permerror"] } as const;
const expectations = {
  type: "object",
  properties: {
    spf: { ...result, description: "What the receiving side says of SPF." },
    dkim: { ...result, description: "Of DKIM." },
    dmarc: { ...result, description: "Of DMARC." },
    arc: { ...result, description: "Of ARC." },
    folder: { enum: ["inbox", "spam"], description: "Where it lands: among the spam, or not." },
    max_hops: { type: "integer", minimum: 1, maximum: 100, description: "So many Received fields at most." },
    max_duplicates: { type: "integer", minimum: 0, maximum: 100, description: "So many copies beside the first at most." },
    max_attempts: { type: "integer", minimum: 1, maximum: 1001, description: "So many attempts to hand it in at most." },
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
    send: inputPart(sending.input, DECIDED_OF_SENDING, "How the message is sent: the input of mail.send.") as object,
    receive: inputPart(receiving.input, DECIDED_OF_RECEIVING, "Where it is waited for: the input of mail.receive, without what it looks for.") as object,
    wait_ms: {
      type: "integer",
      minimum: 0,
      maximum: 86_400_000,
      default: 300_000,
      description: "How long to wait for the message once the server has taken it, or may have.",
    },
    duplicate_wait_ms: {
      type: "integer",
      minimum: 0,
      maximum: 600_000,
      default: 2000,
      description: "How long to look out for a second copy once the first is there.",
    },
    correlate_by: {
      enum: ["token_and_message_id", "token"],
      default: "token_and_message_id",
      description: "How the message is known again. token: for relays that write a Message-ID of their own.",
    },
    clean_up: { type: "boolean", default: false, description: "Deletes the message, its copies, and nothing else." },
    thresholds: {
      type: "object",
      description: "What took longer than this is told, and makes the run a warning or an error.",
      properties: { warning: { ...limits, description: "For a warning." }, error: { ...limits, description: "For an error." } },
      additionalProperties: false,
    },
    expect: { ...expectations, description: "What must be so: anything else is an error." },
    prefer: { ...expectations, description: "What should be so: anything else is a warning." },
    timeout_ms: {
      type: "integer",
      minimum: 1,
      maximum: A_WEEK_MS,
      description: "For the whole run; by default what all attempts, the waits and the clean-up can take.",
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
  ip_address: nullable({ type: "string" }, "The address that was reached first; null when none was."),
  connected_time: nullable({ type: "string" }, "The moment TCP connected, in UTC with microseconds."),
};

const sendPart = outputPart(sending.output.schema, SEND_FACTS);
const receivePart = outputPart(receiving.output.schema, RECEIVE_FACTS);
const attempts = list(outputPart(elementOf(sending.output, "attempts"), ATTEMPT_FACTS), "Every attempt to hand it in, in order.");

const ownOutput = contract({
  title: "mail.roundtrip 1.0.0 output",
  ...outputOf({
    failed_part: nullable({ enum: ["send", "imap"] }, "Which conversation failed, by the name its operations bear."),
    error_type: nullable(
      { enum: [...new Set([...ERROR_TYPES, ...MAIL_ERROR_TYPES])] as ErrorType[] },
      "The kind of failure, in the words of mail.send and mail.receive.",
    ),
    token: { type: "string", description: "Stands in the subject." },
    message_id: { type: "string", description: "What was sent under; a relay may write another." },
    subject: { type: "string" },
    delivery: {
      enum: ["accepted", "partial", "refused", "not_sent", "unknown"],
      description: "What the sending side came to. unknown: the connection was lost before the reply to the message.",
    },
    arrival: {
      enum: ["arrived", "not_arrived", "unknown", "not_awaited"],
      description: "unknown: the mailbox could no longer be watched. not_awaited: there was nothing to wait for.",
    },
    accepted_at: nullable({ type: "string" }, "When the server said that it has the message, in UTC with microseconds."),
    seen_at: nullable({ type: "string" }, "When it was in the mailbox, as far as the IMAP server told us, in UTC with microseconds."),
    internal_date: nullable({ type: "string" }, "When it was there by the IMAP server's own clock."),
    submission_ms: nullable({ type: "number" }, "From the connect of the attempt that was accepted to the server's yes."),
    greylist_delay_ms: nullable({ type: "number" }, "From being told to come back to the attempt that was accepted; null when nobody did."),
    transit_ms: nullable({ type: "number" }, "From the server's yes until it was seen; 0 when it was seen before."),
    total_ms: nullable({ type: "number" }, "From the first attempt until it was seen."),
    hops: list(
      record({
        ...receivedHopSchema.properties,
        share_percent: nullable({ type: "number" }, "Of the time between the first hop and the last; dates are whole seconds. Null where that is none."),
      }),
      "Every hop that stands in the message, in the order of travel.",
    ),
    authentication: nullable(authenticationSchema, "What the receiving side says of it; null when it did not arrive."),
    spam: spamFactsSchema,
    folder: nullable({ type: "string" }, "Where it lies."),
    is_spam_folder: nullable({ type: "boolean" }, "Null when it did not arrive."),
    uid: nullable({ type: "integer" }, "Its number there."),
    size_bytes: nullable({ type: "integer" }, "As it lies there."),
    duplicates: nullable({ type: "integer" }, "Copies beside the first; null when it did not arrive."),
    clean_up: record({
      outcome: {
        enum: ["not_asked", "nothing_there", "deleted", "failed"],
        description: "failed: a finding or the failure says why, and the message may still be there.",
      },
      deleted_uids: list({ type: "integer" }),
    }),
    send: {
      ...sendPart,
      properties: { ...reached, ...sendPart.properties, attempts },
      required: ["ip_address", "connected_time", ...SEND_FACTS, "attempts"],
    } as object,
    receive: { ...receivePart, properties: { ...reached, ...receivePart.properties }, required: ["ip_address", "connected_time", ...RECEIVE_FACTS] } as object,
    findings: list(findingSchema, "What was judged, and why the status is not ok."),
  }),
});

type ErrorType = (typeof ERROR_TYPES)[number] | (typeof MAIL_ERROR_TYPES)[number];
type SendOutput = FilledOf<typeof sending.output>;
type ReceiveOutput = FilledOf<typeof receiving.output>;
export type Reached = Pick<SendOutput, "ip_address" | "connected_time">;

/** The same again: the parts are the other probes' own. */
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
