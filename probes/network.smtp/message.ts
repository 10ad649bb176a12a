import { compose } from "../../runner/mail/compose.js";
import { newMessageId } from "../../runner/mail/message-id.js";
import { type Mailbox, parseMailbox } from "../../runner/net/smtp/mailbox.js";
import { failureReply, type SmtpSession } from "../../runner/net/smtp/session.js";
import { transaction } from "../../runner/net/smtp/transaction.js";
import { FailureError, failureError } from "../../runner/run/failure-error.js";
import { resolved } from "../../schemas/secret.js";
import type { SmtpEvidence } from "./evidence.js";
import type { Input } from "./schema.js";

type TestMessage = NonNullable<Input["send_message"]>;

/** Submits one message. What became of it is in the evidence, also when it was refused or its fate is unknown. */
export async function sendTestMessage(session: SmtpSession, asked: TestMessage, evidence: Pick<SmtpEvidence, "sent_message">): Promise<void> {
  const sender = mailboxOf(resolved(asked.mail_from), "mail", "send_message.mail_from");
  const recipient = mailboxOf(resolved(asked.rcpt_to), "rcpt", "send_message.rcpt_to");
  const messageId = newMessageId(sender);
  const { subject, text } = asked;
  const message = await compose({ from: sender, to: [recipient], subject, text, date: new Date(), message_id: messageId });
  const { delivery, failure, reply } = await transaction(session, { sender, recipients: [recipient], message });
  if (delivery !== "not_sent") {
    evidence.sent_message = { mail_from: sender.path, rcpt_to: recipient.path, message_id: messageId, accepted: delivery === "accepted", delivery };
  }
  if (failure !== null) throw new FailureError(failure, reply === null ? null : failureReply(reply));
}

function mailboxOf(written: string, phase: "mail" | "rcpt", field: string): Mailbox {
  const mailbox = parseMailbox(written);
  if ("problem" in mailbox) throw failureError(phase, "not_permitted", `${field} is no address that can be sent: ${mailbox.problem}; nothing was sent`);
  return mailbox;
}
