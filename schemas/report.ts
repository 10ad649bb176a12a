import type { FromSchema } from "json-schema-to-ts";
import { bounceClassSchema, bounceSpeakerSchema } from "./bounce.js";
import { list, nullable, record } from "./shape.js";

/** What came back about a message: a delivery report (RFC 3464), a complaint (RFC 5965), or words of a mail server. */

export const REPORT_KINDS = ["bounce", "delay", "success", "relayed", "feedback", "auto_reply", "not_a_report"] as const;
export type ReportKind = (typeof REPORT_KINDS)[number];

/** How it was read. */
export const REPORT_FORMATS = [
  "delivery_status",
  "feedback_report",
  "disposition",
  "qmail",
  "exim",
  "postfix",
  "sendmail",
  "exchange",
  "gmail",
  "yahoo",
  "courier",
  "words",
] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];

export const REPORT_ACTIONS = ["failed", "delayed", "delivered", "relayed", "expanded"] as const;
export type ReportAction = (typeof REPORT_ACTIONS)[number];

export const FEEDBACK_TYPES = ["abuse", "fraud", "not-spam", "virus", "auth-failure", "opt-out", "dmarc", "other"] as const;
export type FeedbackType = (typeof FEEDBACK_TYPES)[number];

const reportedRecipient = record({
  address: { type: "string", description: "Who it is about, as the report says it (Final-Recipient)." },
  original_recipient: nullable({ type: "string" }, "The address that the sender had used (Original-Recipient); null where it is not told."),
  action: nullable({ enum: REPORT_ACTIONS }, "What became of the message."),
  status: nullable({ type: "string" }, "The enhanced status code (RFC 3463)."),
  diagnostic: nullable({ type: "string" }, "The words of whoever refused it, or had trouble with it."),
  diagnostic_type: nullable({ type: "string" }, "Whose words they are: smtp, or a program's own name."),
  reply_code: nullable({ type: "integer" }, "The SMTP reply code in those words."),
  remote_mta: nullable({ type: "string" }, "Who said them."),
  last_attempt_time: nullable({ type: "string" }, "When it was tried last, in UTC."),
  will_retry_until: nullable({ type: "string" }, "Until when it is tried again, in UTC."),
  class: nullable(bounceClassSchema, "Why, where it failed or waits; null where it did not."),
  permanent: nullable({ type: "boolean" }, "The same will be said of it later, too: the address, not the moment, is at fault. Null where nothing failed."),
  who: nullable(bounceSpeakerSchema, "Who refused: the recipient's server, a filter, or us: the reporting host found it out by itself. Null where nobody did."),
  said_by: nullable({ type: "string" }, "The software or the provider whose words they are, where they are known."),
  rule: nullable({ type: "string" }, "The row of the reply table that fits."),
});
export type ReportedRecipient = FromSchema<typeof reportedRecipient>;

const feedbackRecord = record({
  type: { enum: FEEDBACK_TYPES, description: "What is complained of (RFC 5965, section 3.1; RFC 6591; RFC 6650)." },
  user_agent: nullable({ type: "string" }),
  source_ip: nullable({ type: "string" }, "From where the message had come."),
  original_mail_from: nullable({ type: "string" }, "Its envelope sender."),
  original_recipients: list({ type: "string" }, "To whom it had gone, where it is told."),
  reported_domains: list({ type: "string" }),
  reported_uris: list({ type: "string" }),
  authentication_results: list({ type: "string" }),
  arrival_time: nullable({ type: "string" }, "When it had arrived, in UTC."),
  incidents: { type: "integer", description: "How many such messages the report stands for." },
});
export type FeedbackReport = FromSchema<typeof feedbackRecord>;

const originalRecord = record({
  message_id: nullable({ type: "string" }),
  from: nullable({ type: "string" }),
  subject: nullable({ type: "string" }),
});
export type OriginalMessage = FromSchema<typeof originalRecord>;

export const reportProperties = {
  kind: {
    enum: REPORT_KINDS,
    description:
      "bounce: at least one recipient did not get it. delay: it is still tried. success: it was delivered. relayed: it went on to where nothing more is told. feedback: a complaint. auto_reply: an absence notice or a receipt. not_a_report: none of these.",
  },
  format: nullable({ enum: REPORT_FORMATS }, "How it was read; words: by words that many servers use. Null where it is no report."),
  reporting_mta: nullable({ type: "string" }, "Who reports."),
  envelope_id: nullable({ type: "string" }, "The ENVID that the sender had given (RFC 3461)."),
  arrival_time: nullable({ type: "string" }, "When the reporting host had got the message, in UTC."),
  original: nullable(originalRecord, "The message that it is about, as far as the report holds it."),
  recipients: list(reportedRecipient, "What became of the message for each of them."),
  feedback: nullable(feedbackRecord, "The complaint; null for any other kind."),
  is_cut: { type: "boolean", description: "The message was larger, or of more parts, than is read." },
} as const;

const reportRecord = record(reportProperties);
export type MailReport = FromSchema<typeof reportRecord>;
