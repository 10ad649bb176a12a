import { failureError } from "../../run/failure-error.js";
import { has, sizeOf } from "./capabilities.js";
import { type MailDsn, mailDsnWords, type RcptDsn, rcptDsnWords } from "./dsn.js";
import type { EightBit } from "./eight-bit.js";
import type { Mailbox } from "./mailbox.js";
import type { SmtpSession, TimedReply } from "./session.js";

/** What MAIL says of the message beside its sender. */
export interface MailParameters extends MailDsn {
  /** In bytes, as messageSize() counts them. */
  size?: number | undefined;
  /** 8BITMIME: the message holds bytes beyond ASCII (RFC 6152). */
  body?: "7BIT" | "8BITMIME" | undefined;
  /** Where those bytes are, if that is known: what a server has to offer for them depends on it. Null: there are none. */
  eightBit?: EightBit | null | undefined;
  /** A recipient to come has an address beyond ASCII, or the caller wants it (RFC 6531). */
  smtpUtf8?: boolean | undefined;
  /** The message must only be relayed over verified TLS (RFC 8689). */
  requireTls?: boolean | undefined;
}

/** A recipient, and the notifications requested for it. */
export type Recipient = Mailbox & RcptDsn;

/**
 * MAIL (RFC 5321, section 4.1.1.2). Null is the null reverse-path of a bounce. What the server does not offer, or said it would not
 * take, fails here and nothing is sent.
 */
export async function mailFrom(session: SmtpSession, sender: Mailbox | null, parameters: MailParameters = {}): Promise<TimedReply> {
  return session.command("MAIL", "mail", mailLine(session, sender, parameters));
}

export async function rcptTo(session: SmtpSession, recipient: Recipient): Promise<TimedReply> {
  return session.command("RCPT", "rcpt", rcptLine(session, recipient));
}

export function data(session: SmtpSession): Promise<TimedReply> {
  return session.command("DATA", "data", "DATA");
}

export function mailLine(session: SmtpSession, sender: Mailbox | null, parameters: MailParameters): string {
  if (sender !== null) needSmtpUtf8(session, sender, "mail");
  const size = sizeWord(session, parameters);
  // The header first: a body can be encoded for this server, and a header cannot.
  const utf8 = smtpUtf8Word(session, sender, parameters);
  const line = `MAIL FROM:<${sender?.path ?? ""}>${size}${bodyWord(session, parameters)}${utf8}${requireTlsWord(session, parameters)}`;
  return parameters.ret === undefined && parameters.envid === undefined ? line : withDsn(session, "mail", line, mailDsnWords(parameters));
}

export function rcptLine(session: SmtpSession, recipient: Recipient): string {
  needSmtpUtf8(session, recipient, "rcpt");
  const line = `RCPT TO:<${recipient.path}>`;
  return recipient.notify === undefined && recipient.orcpt === undefined ? line : withDsn(session, "rcpt", line, rcptDsnWords(recipient));
}

/** A word of MAIL begins with its space, and is empty if the line goes without it. */
function sizeWord({ capabilities }: SmtpSession, { size }: MailParameters): string {
  if (size === undefined) return "";
  const limit = sizeOf(capabilities);
  if (limit.bytes !== null && size > limit.bytes) {
    throw failureError("mail", "limit_exceeded", `the message has ${size} bytes, and the server accepts ${limit.bytes} (SIZE); nothing was sent`);
  }
  return limit.meaning === "absent" ? "" : ` SIZE=${size}`;
}

function smtpUtf8Word({ capabilities }: SmtpSession, sender: Mailbox | null, { smtpUtf8, eightBit }: MailParameters): string {
  const isInHeader = eightBit?.header === "utf8";
  if (!isInHeader && !smtpUtf8 && !sender?.needsSmtpUtf8) return "";
  if (has(capabilities, "SMTPUTF8")) return " SMTPUTF8";
  const why = isInHeader ? "the message header has characters beyond ASCII, which need SMTPUTF8 (RFC 6532)" : "SMTPUTF8 was requested";
  throw failureError("mail", "unsupported", `${why}, and the server does not offer it; nothing was sent`);
}

function bodyWord({ capabilities }: SmtpSession, { body, eightBit }: MailParameters): string {
  if (body === undefined) return "";
  if (has(capabilities, "8BITMIME")) return ` BODY=${body}`;
  if (body === "7BIT" || (eightBit?.header === "utf8" && !eightBit.body)) return "";
  throw failureError("mail", "unsupported", `${eightBitFault(eightBit)}, and the server does not offer 8BITMIME; nothing was sent`);
}

function eightBitFault(eightBit: EightBit | null | undefined): string {
  if (eightBit?.header === "other") return "the message header has bytes that are not UTF-8, which no standard allows (RFC 6532)";
  return `the ${eightBit == null ? "message" : "message body"} has bytes beyond ASCII, which need 8BITMIME (RFC 6152)`;
}

/** RFC 8689, section 4: outside TLS the keyword promises nothing. */
function requireTlsWord({ capabilities, connection }: SmtpSession, { requireTls }: MailParameters): string {
  if (!requireTls) return "";
  if (connection.tls === null) throw failureError("mail", "not_permitted", "REQUIRETLS can only be used inside TLS; nothing was sent");
  if (!has(capabilities, "REQUIRETLS")) throw failureError("mail", "unsupported", "the server does not offer REQUIRETLS; nothing was sent");
  return " REQUIRETLS";
}

function withDsn(session: SmtpSession, phase: "mail" | "rcpt", line: string, dsn: readonly string[]): string {
  if (dsn.length > 0 && !has(session.capabilities, "DSN")) throw failureError(phase, "unsupported", "the server does not offer DSN; nothing was sent");
  return [line, ...dsn].join(" ");
}

function needSmtpUtf8(session: SmtpSession, mailbox: Mailbox, phase: "mail" | "rcpt"): void {
  if (!mailbox.needsSmtpUtf8 || has(session.capabilities, "SMTPUTF8")) return;
  throw failureError(phase, "unsupported", `${mailbox.path} is not an ASCII address, and the server does not offer SMTPUTF8; nothing was sent`);
}
