import { randomUUID } from "node:crypto";
import { FailureError, fail } from "../../runner/failure-error.js";
import { addressLiteral } from "../../runner/net/smtp/commands.js";
import { type Mailbox, parseMailbox } from "../../runner/net/smtp/mailbox.js";
import type { SmtpSession } from "../../runner/net/smtp/session.js";
import { transaction } from "../../runner/net/smtp/transaction.js";
import { resolved } from "../../schemas/secret.js";
import type { SmtpEvidence } from "./evidence.js";
import type { Input } from "./schema.js";

type TestMessage = NonNullable<Input["send_message"]>;

/** Submits one message. What became of it is in the evidence, also when it was refused or its fate is unknown. */
export async function sendTestMessage(session: SmtpSession, asked: TestMessage, evidence: Pick<SmtpEvidence, "sent_message">): Promise<void> {
  const sender = mailboxOf(resolved(asked.mail_from), "mail", "send_message.mail_from");
  const recipient = mailboxOf(resolved(asked.rcpt_to), "rcpt", "send_message.rcpt_to");
  const { kind, host } = sender.host;
  const messageId = `<${randomUUID()}@${kind === "name" ? host : addressLiteral(host)}>`;
  const message = await compose(asked, sender, recipient, messageId);
  const { delivery, failure } = await transaction(session, { sender, recipients: [recipient], message });
  if (delivery !== "not_sent") {
    evidence.sent_message = { mail_from: sender.path, rcpt_to: recipient.path, message_id: messageId, accepted: delivery === "accepted", delivery };
  }
  if (failure !== null) throw new FailureError(failure);
}

function mailboxOf(written: string, phase: "mail" | "rcpt", field: string): Mailbox {
  const mailbox = parseMailbox(written);
  if ("problem" in mailbox) throw fail(phase, "not_permitted", `${field} is no address that can be sent: ${mailbox.problem}; nothing was sent`);
  return mailbox;
}

async function compose(asked: TestMessage, sender: Mailbox, recipient: Mailbox, messageId: string): Promise<Uint8Array> {
  // Only a run that sends needs it.
  const { default: MailComposer } = await import("nodemailer/lib/mail-composer");
  const composer = new MailComposer({
    from: { name: "", address: sender.path },
    to: { name: "", address: recipient.path },
    subject: asked.subject,
    text: asked.text,
    messageId,
    date: new Date(),
    // RFC 3834, section 5: nobody's holiday notice shall answer it.
    headers: { "Auto-Submitted": "auto-generated" },
    newline: "win",
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return composer.compile().build();
}
