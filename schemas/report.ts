import type { FromSchema } from "json-schema-to-ts";
import { bounceClassSchema, bounceSpeakerSchema } from "./bounce.js";
import { list, nullable, record } from "./shape.js";

/** A report about a message: a delivery report (RFC 3464), a complaint (RFC 5965), or a bounce in free text. */

export const REPORT_KINDS = ["bounce", "delay", "success", "relayed", "feedback", "auto_reply", "not_a_report"] as const;
export type ReportKind = (typeof REPORT_KINDS)[number];

/** How the report was parsed. */
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
  address: { type: "string", description: "The recipient, as named in the report (Final-Recipient)." },
  original_recipient: nullable({ type: "string" }, "The address used by the sender (Original-Recipient); null if the report does not name it."),
  action: nullable({ enum: REPORT_ACTIONS }, "What became of the message."),
  status: nullable({ type: "string" }, "The enhanced status code (RFC 3463)."),
  diagnostic: nullable({ type: "string" }, "The text of the rejection or failure (Diagnostic-Code)."),
  diagnostic_type: nullable({ type: "string" }, "The type of the diagnostic: smtp, or the name of a program."),
  reply_code: nullable({ type: "integer" }, "The SMTP reply code in the diagnostic."),
  remote_mta: nullable({ type: "string" }, "Who said them."),
  last_attempt_time: nullable({ type: "string" }, "Time of the last attempt, in UTC."),
  will_retry_until: nullable({ type: "string" }, "When retries end, in UTC."),
  class: nullable(bounceClassSchema, "Why it failed or is delayed; null if it did not."),
  permanent: nullable({ type: "boolean" }, "True if a later attempt would fail the same way: the address is the cause. Null if nothing failed."),
  who: nullable(bounceSpeakerSchema, "Who rejected it: the recipient's server, a filter, or us (the reporting host itself). Null if it was not rejected."),
  said_by: nullable({ type: "string" }, "The software or provider that wrote the text, if recognised."),
  rule: nullable({ type: "string" }, "The row of the reply table that matched."),
});
export type ReportedRecipient = FromSchema<typeof reportedRecipient>;

const feedbackRecord = record({
  type: { enum: FEEDBACK_TYPES, description: "The feedback type (RFC 5965, section 3.1; RFC 6591; RFC 6650)." },
  user_agent: nullable({ type: "string" }),
  source_ip: nullable({ type: "string" }, "The IP address that sent the message."),
  original_mail_from: nullable({ type: "string" }, "Its envelope sender."),
  original_recipients: list({ type: "string" }, "The original recipients, if the report names them."),
  reported_domains: list({ type: "string" }),
  reported_uris: list({ type: "string" }),
  authentication_results: list({ type: "string" }),
  arrival_time: nullable({ type: "string" }, "When it had arrived, in UTC."),
  incidents: { type: "integer", description: "Number of messages that the report covers." },
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
      "bounce: delivery failed for at least one recipient. delay: delivery is still being retried. success: it was delivered. relayed: it was passed to a host that sends no reports. feedback: a complaint. auto_reply: an absence notice or a receipt. not_a_report: none of these.",
  },
  format: nullable({ enum: REPORT_FORMATS }, "How the report was parsed; words: by typical phrases in free text. Null if it is not a report."),
  reporting_mta: nullable({ type: "string" }, "Who reports."),
  envelope_id: nullable({ type: "string" }, "The sender's envelope identifier (ENVID, RFC 3461)."),
  arrival_time: nullable({ type: "string" }, "When the reporting host received the message, in UTC."),
  original: nullable(originalRecord, "The original message, as far as the report contains it."),
  recipients: list(reportedRecipient, "The outcome for each recipient."),
  feedback: nullable(feedbackRecord, "The complaint; null for any other kind."),
  is_cut: { type: "boolean", description: "True if the message exceeded the size or part limit and was read in part only." },
} as const;

const reportRecord = record(reportProperties);
export type MailReport = FromSchema<typeof reportRecord>;
