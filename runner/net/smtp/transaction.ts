import type { Failure } from "../../../schemas/failure.js";
import { FailureError, failureError } from "../../run/failure-error.js";
import { has } from "./capabilities.js";
import { rset } from "./commands.js";
import { eightBitOf } from "./eight-bit.js";
import { data, type MailParameters, mailLine, type Recipient, rcptLine } from "./mail-and-rcpt.js";
import type { Mailbox } from "./mailbox.js";
import { messageSize } from "./message-body.js";
import { CLOSING, type Reply, replyClass } from "./reply.js";
import { type BodyOutcome, type MessageSource, sendBody, sendNothing } from "./send-body.js";
import { rejected, replyOf, type SmtpSession, type TimedReply } from "./session.js";

export interface Envelope extends MailParameters {
  /** Null: the null reverse-path of a bounce. */
  sender: Mailbox | null;
  recipients: readonly Recipient[];
  /** Of bytes, size, body and eightBit are found out unless they are given. */
  message: MessageSource;
  /**
   * Awaited when the server waits for the message and nothing of it was sent, for callers that must first record what is about to happen. It receives
   * the indexes of the accepted recipients. If it rejects, nothing is sent.
   */
  beforeMessage?: (accepted: readonly number[]) => Promise<void>;
}

/** Everything that the server said to one message. What was never asked, or never answered, is null. */
export interface Transaction {
  mail: TimedReply | null;
  /** In the envelope's order. */
  recipients: (TimedReply | null)[];
  data: TimedReply | null;
  message: TimedReply | null;
  /**
   * accepted: for the recipients that were accepted. refused: a reply said no, or no recipient was left. not_sent: it broke before the
   * server could have taken it. unknown: it broke after the last dot: the message may arrive, and sending it again may double it.
   */
  delivery: "accepted" | "refused" | "not_sent" | "unknown";
  /** Why it is not accepted. */
  failure: Failure | null;
  /** The reply behind `failure`; null if the reason is another. */
  reply: Reply | null;
}

/**
 * Sends one message over a session after EHLO, and leaves the session ready for the next one if it is still open. Commands are pipelined if the
 * server offers it. A network outcome is data: this throws only for a bug, or if the source throws.
 */
export async function transaction(session: SmtpSession, envelope: Envelope): Promise<Transaction> {
  const result: Transaction = {
    mail: null,
    recipients: envelope.recipients.map(() => null),
    data: null,
    message: null,
    delivery: "not_sent",
    failure: null,
    reply: null,
  };
  try {
    const lines = linesOf(session, envelope);
    if (has(session.capabilities, "PIPELINING")) await pipelined(session, lines, result);
    else await oneByOne(session, lines, result);
    await sendMessage(session, envelope, result);
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    if (result.failure === null) fails(result, error);
  }
  return result;
}

function fails(result: Transaction, error: FailureError): void {
  result.failure = error.failure;
  result.reply = replyOf(error);
}

interface Lines {
  mail: string;
  recipients: string[];
}

/** Makes every line before the first is sent: what the server cannot take is found out while nothing has happened. */
function linesOf(session: SmtpSession, envelope: Envelope): Lines {
  if (envelope.recipients.length === 0) throw failureError("rcpt", "not_permitted", "the envelope has no recipient; nothing was sent");
  const recipients = envelope.recipients.map((recipient) => rcptLine(session, recipient));
  return { mail: mailLine(session, envelope.sender, parametersOf(envelope)), recipients };
}

/** Field by field: a copy by spread costs more here than everything else about the line. */
function parametersOf({ message, recipients, size, body, eightBit, smtpUtf8, requireTls, ret, envid }: Envelope): MailParameters {
  const bytes = message instanceof Uint8Array ? message : null;
  const where = eightBit !== undefined || bytes === null ? eightBit : eightBitOf(bytes);
  return {
    size: size ?? (bytes === null ? undefined : messageSize(bytes)),
    body: body ?? (where == null ? undefined : "8BITMIME"),
    eightBit: where,
    smtpUtf8: smtpUtf8 === true || recipients.some(({ needsSmtpUtf8 }) => needsSmtpUtf8),
    requireTls,
    ret,
    envid,
  };
}

/** RFC 2920, section 3.1: MAIL, every RCPT and DATA in one write; DATA may only be the last of a group. */
async function pipelined(session: SmtpSession, { mail, recipients }: Lines, result: Transaction): Promise<void> {
  const outcomes = await session.pipeline([
    { name: "MAIL", phase: "mail", line: mail },
    ...recipients.map((line) => ({ name: "RCPT", phase: "rcpt", line }) as const),
    { name: "DATA", phase: "data", line: "DATA" },
  ]);
  const replies = outcomes.map((outcome) => (outcome.status === "fulfilled" ? outcome.value : null));
  result.mail = replies[0] ?? null;
  result.recipients = replies.slice(1, -1);
  result.data = replies.at(-1) ?? null;
  const broken = outcomes.find((outcome) => outcome.status === "rejected");
  // A server that refuses and goes has refused: that it went is the lesser news.
  if (broken !== undefined && refusalOf(result) === null) throw broken.reason;
}

async function oneByOne(session: SmtpSession, { mail, recipients }: Lines, result: Transaction): Promise<void> {
  result.mail = await session.command("MAIL", "mail", mail);
  if (replyClass(result.mail) !== 2) return;
  for (const [index, line] of recipients.entries()) result.recipients[index] = await session.command("RCPT", "rcpt", line);
  if (result.recipients.some(isAccepted)) result.data = await data(session);
}

async function sendMessage(session: SmtpSession, { message, beforeMessage }: Envelope, result: Transaction): Promise<void> {
  if (result.data !== null && replyClass(result.data) === 2) {
    session.close();
    throw failureError("data", "protocol_violation", `the server answered DATA with ${result.data.code}; 354 or a rejection was expected`);
  }
  const refusal = refusalOf(result);
  if (refusal === null) {
    if (beforeMessage !== undefined) await announce(session, beforeMessage, result);
    finish(result, await sendBody(session, message));
    if (result.delivery === "unknown") session.close();
    return;
  }
  result.delivery = "refused";
  fails(result, refusal);
  // The server waits for a message without recipients; otherwise it may still hold this transaction's sender.
  if (result.data !== null && replyClass(result.data) === 3) result.message = (await sendNothing(session)).reply;
  else if (isAccepted(result.mail) && refusal.failure.reply_code !== CLOSING) await rset(session);
}

/** The server already waits for a message: without one, the connection has to be closed. */
async function announce(session: SmtpSession, beforeMessage: NonNullable<Envelope["beforeMessage"]>, { recipients }: Transaction): Promise<void> {
  try {
    await beforeMessage(recipients.flatMap((reply, index) => (isAccepted(reply) ? [index] : [])));
  } catch (error) {
    session.close();
    throw error;
  }
}

/** The reply that keeps the message from being sent: MAIL's, the first recipient's when all were refused, or DATA's. */
function refusalOf({ mail, recipients, data }: Transaction): FailureError | null {
  if (mail === null) return null;
  if (!isAccepted(mail)) return rejected("mail", mail);
  const first = recipients[0];
  if (first && recipients.every((reply) => reply !== null && !isAccepted(reply))) return rejected("rcpt", first);
  return data === null || replyClass(data) === 3 ? null : rejected("data", data);
}

function finish(result: Transaction, { reply, ended, failure }: BodyOutcome): void {
  result.message = reply;
  if (failure !== null) {
    result.delivery = ended ? "unknown" : "not_sent";
    fails(result, failure);
  } else if (reply !== null && replyClass(reply) === 2) result.delivery = "accepted";
  else if (reply !== null && replyClass(reply) === 3) {
    result.delivery = "unknown";
    fails(result, failureError("data", "protocol_violation", `the server answered the message with ${reply.code}; 250 or a rejection was expected`));
  } else if (reply !== null) {
    result.delivery = "refused";
    fails(result, rejected("data", reply));
  }
}

function isAccepted(reply: TimedReply | null): boolean {
  return reply !== null && replyClass(reply) === 2;
}
