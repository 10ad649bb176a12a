import type { BounceClass } from "../../schemas/bounce.js";
import type { RcptReason } from "../../schemas/rcpt.js";

/** What a reason of mail.rcpt is for a message that is to be delivered. A row of the table may know better. */
export const CLASS_OF_REASON: Readonly<Record<RcptReason, BounceClass>> = {
  mailbox_exists: "other",
  mailbox_unverified: "other",
  mailbox_unknown: "address",
  mailbox_full: "mailbox_full",
  mailbox_disabled: "mailbox_disabled",
  mailbox_moved: "address",
  mailbox_busy: "rate",
  domain_takes_no_mail: "address",
  domain_unknown: "address",
  greylisted: "greylist",
  rate_limited: "rate",
  sender_refused: "policy",
  client_blocked: "reputation",
  policy: "policy",
  relay_denied: "routing",
  tls_required: "tls",
  tls_failed: "tls",
  server_busy: "network",
  server_fault: "network",
  refused: "other",
  deferred: "other",
  no_mail_host: "routing",
  no_answer: "network",
  connection_failed: "network",
  connection_lost: "network",
  dns_failure: "routing",
  protocol_error: "protocol",
  address_malformed: "address",
  address_unsupported: "protocol",
  outbound_blocked: "network",
  not_permitted: "policy",
  run_ended: "other",
};

/**
 * The meaning of an enhanced code by itself (RFC 3463, sections 3.2 to 3.8, and the IANA registry of enhanced status codes); by its subject alone if
 * the detail is unknown. For replies with unknown wording, and for reports without a text.
 */
const CLASS_OF_SUBJECT: Readonly<Record<string, BounceClass>> = {
  "1": "address",
  "1.7": "configuration",
  "1.8": "configuration",
  "1.9": "routing",
  "2": "other",
  "2.1": "mailbox_disabled",
  "2.2": "mailbox_full",
  "2.3": "size",
  "2.4": "routing",
  "3": "network",
  "3.1": "network",
  "3.3": "protocol",
  "3.4": "size",
  "3.5": "configuration",
  "4": "network",
  "4.3": "routing",
  "4.4": "routing",
  "4.5": "rate",
  "4.6": "routing",
  "5": "protocol",
  "5.3": "rate",
  "6": "content",
  "6.1": "protocol",
  "6.2": "protocol",
  "6.3": "protocol",
  "6.7": "protocol",
  "6.9": "protocol",
  "7": "policy",
  "7.4": "tls",
  "7.5": "tls",
  "7.6": "tls",
  "7.8": "auth",
  "7.9": "auth",
  "7.10": "tls",
  "7.11": "tls",
  "7.12": "auth",
  "7.13": "mailbox_disabled",
  "7.17": "address",
  "7.18": "address",
  "7.20": "auth",
  "7.21": "auth",
  "7.22": "auth",
  "7.23": "auth",
  "7.24": "auth",
  "7.25": "configuration",
  "7.26": "auth",
  "7.27": "configuration",
  "7.28": "rate",
  "7.29": "auth",
};

/** Null for X.0.z, which says nothing, and for what is no such code. */
export function classOfStatus(status: string): BounceClass | null {
  const [, subject, detail] = /^[245]\.(\d{1,3})\.(\d{1,3})$/.exec(status) ?? [];
  if (subject === undefined) return null;
  return CLASS_OF_SUBJECT[`${subject}.${detail}`] ?? CLASS_OF_SUBJECT[subject] ?? null;
}
