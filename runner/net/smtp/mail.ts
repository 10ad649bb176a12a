import { fail } from "../../failure-error.js";
import { has, sizeOf } from "./capabilities.js";
import type { Mailbox } from "./mailbox.js";
import type { SmtpSession, TimedReply } from "./session.js";

/** What MAIL says of the message beside its sender. */
export interface MailParameters {
  /** In bytes, as messageSize() counts them. */
  size?: number;
  /** 8BITMIME: the message holds bytes beyond ASCII (RFC 6152). */
  body?: "7BIT" | "8BITMIME";
  /** The message's header, or a recipient to come, holds addresses beyond ASCII (RFC 6531). */
  smtpUtf8?: boolean;
}

/**
 * MAIL (RFC 5321, section 4.1.1.2). Null is the null reverse-path of a bounce. What the server does not offer, or said it would not
 * take, fails here and nothing is sent.
 */
export async function mailFrom(session: SmtpSession, sender: Mailbox | null, parameters: MailParameters = {}): Promise<TimedReply> {
  return session.command("MAIL", "mail", mailLine(session, sender, parameters));
}

export async function rcptTo(session: SmtpSession, recipient: Mailbox): Promise<TimedReply> {
  return session.command("RCPT", "rcpt", rcptLine(session, recipient));
}

export function data(session: SmtpSession): Promise<TimedReply> {
  return session.command("DATA", "data", "DATA");
}

export function mailLine(session: SmtpSession, sender: Mailbox | null, { size, body, smtpUtf8 }: MailParameters): string {
  const { capabilities } = session;
  const limit = sizeOf(capabilities);
  if (size !== undefined && limit.bytes !== null && size > limit.bytes) {
    throw fail("mail", "limit_exceeded", `the message takes ${size} bytes, and the server takes ${limit.bytes} (SIZE); nothing was sent`);
  }
  const words = [`MAIL FROM:<${sender?.path ?? ""}>`];
  if (size !== undefined && limit.meaning !== "absent") words.push(`SIZE=${size}`);
  if (body === "8BITMIME" && !has(capabilities, "8BITMIME")) {
    throw fail("mail", "unsupported", "the message holds bytes beyond ASCII, and the server does not offer 8BITMIME; nothing was sent");
  }
  if (body !== undefined && has(capabilities, "8BITMIME")) words.push(`BODY=${body}`);
  if (sender !== null) needSmtpUtf8(session, sender, "mail");
  if (smtpUtf8 || sender?.needsSmtpUtf8) {
    if (!has(capabilities, "SMTPUTF8"))
      throw fail("mail", "unsupported", "the message holds addresses beyond ASCII, and the server does not offer SMTPUTF8; nothing was sent");
    words.push("SMTPUTF8");
  }
  return words.join(" ");
}

export function rcptLine(session: SmtpSession, recipient: Mailbox): string {
  needSmtpUtf8(session, recipient, "rcpt");
  return `RCPT TO:<${recipient.path}>`;
}

function needSmtpUtf8(session: SmtpSession, mailbox: Mailbox, phase: "mail" | "rcpt"): void {
  if (!mailbox.needsSmtpUtf8 || has(session.capabilities, "SMTPUTF8")) return;
  throw fail(phase, "unsupported", `${mailbox.path} is an address beyond ASCII, and the server does not offer SMTPUTF8; nothing was sent`);
}
