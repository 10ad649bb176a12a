import { MAILBOX_REASONS, type RcptReason } from "../../schemas/rcpt.js";
import { type Reply, replyClass } from "../net/smtp/reply.js";
import { type Envelope, NO_ENVELOPE } from "./envelope.js";
import { namesAnotherAddress, type OtherSubject, otherSubjectOf } from "./other-subjects.js";
import type { ReplyRow } from "./reply-row.js";
import { REPLY_TABLE } from "./reply-table.js";
import { matches, type ReplyText, readText } from "./reply-text.js";

/** The command that was refused. Only RCPT is about a mailbox. */
export type RefusedCommand = "greeting" | "ehlo" | "starttls" | "mail" | "rcpt";

export interface Refusal {
  readonly reason: RcptReason;
  /** The id of the row, or of the subject, that decided; null if none matches. */
  readonly row: string | null;
}

/**
 * What a 4yz or 5yz reply means. A reply that is not understood is `refused` or `deferred`, never a mailbox that does not exist; and so is
 * a row about a mailbox, if the reply may be about something else.
 */
export function readRefusal(reply: Reply, command: RefusedCommand, envelope: Envelope = NO_ENVELOPE): Refusal {
  const text = readText(reply, envelope);
  const subject = command === "rcpt" ? otherSubjectOf(text) : null;
  const row = REPLY_TABLE.find((each) => matches(each, text) && mayDecide(each, command, subject, text));
  if (row !== undefined) return { reason: beforeMail(row.reason, command), row: row.id };
  if (subject !== null && replyClass(reply) === 5) return { reason: subject.reason, row: subject.id };
  return { reason: UNKNOWN_WORDS[command][replyClass(reply) === 4 ? "later" : "never"], row: null };
}

/** Whether a row that matches may be believed, given the command and what else the reply is about. */
function mayDecide(row: ReplyRow, command: RefusedCommand, subject: OtherSubject | null, text: ReplyText): boolean {
  if (!MAILBOX_REASONS.has(row.reason) && row.reason !== "domain_takes_no_mail") return true;
  return command === "rcpt" && isBelieved(row, subject, text);
}

/** Of a row about the mailbox or its domain. */
export function isBelieved({ reason, verbatim, text: fixed, words }: ReplyRow, subject: OtherSubject | null, text: ReplyText): boolean {
  // "User not local; please try <ada@elsewhere.example>" has to name another address.
  if (namesAnotherAddress(text) && (reason !== "mailbox_moved" || text.mentions.sender)) return false;
  if (verbatim === true || subject === null) return true;
  if (subject.doubts === "bare codes") return fixed !== undefined || words !== undefined;
  return !DENIES_EXISTENCE.has(reason) && (subject.doubts === "existence" || reason === "mailbox_moved");
}

const DENIES_EXISTENCE: ReadonlySet<RcptReason> = new Set(["mailbox_unknown", "mailbox_disabled", "domain_takes_no_mail"]);

/** A policy that is applied before MAIL can only be against the client. */
function beforeMail(reason: RcptReason, command: RefusedCommand): RcptReason {
  return reason === "policy" && (command === "greeting" || command === "ehlo") ? "client_blocked" : reason;
}

const UNKNOWN_WORDS: Readonly<Record<RefusedCommand, { later: RcptReason; never: RcptReason }>> = {
  greeting: { later: "server_busy", never: "client_blocked" },
  ehlo: { later: "server_busy", never: "client_blocked" },
  starttls: { later: "server_busy", never: "policy" },
  mail: { later: "deferred", never: "sender_refused" },
  rcpt: { later: "deferred", never: "refused" },
};
