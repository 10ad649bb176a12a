import { enhancedCode, plainText, replyClass } from "../../runner/net/smtp/reply.js";
import { rejected, replyOf, type TimedReply } from "../../runner/net/smtp/session.js";
import type { Transaction } from "../../runner/net/smtp/transaction.js";
import type { FailureError } from "../../runner/run/failure-error.js";
import { type Failure, failure, type Phase } from "../../schemas/failure.js";
import { isTemporary } from "./error-type.js";
import type { Recipient, SendAttempt, SendEvidence } from "./evidence.js";

/** A recipient of an attempt: its place in the evidence, and in the transaction. */
interface Asked {
  recipient: number;
  index: number;
  result: Transaction;
}

/** Records the outcome of one recipient, and returns its refusal, if any. */
export function decide(evidence: SendEvidence, { number }: SendAttempt, { recipient, index, result }: Asked): FailureError | null {
  const held = evidence.recipients[recipient] as Recipient;
  const decisive = decisiveReply(result, index);
  if (decisive === null) {
    // Otherwise there was no reply about it, and the result of an earlier attempt is kept.
    if (result.delivery === "unknown")
      Object.assign(held, { outcome: "unknown", attempt: number, phase: "data", code: null, enhanced_code: null, message: null });
    return null;
  }
  const [phase, reply] = decisive;
  Object.assign(held, { outcome: outcomeOf(reply), attempt: number, phase, code: reply.code, enhanced_code: enhancedCode(reply), message: plainText(reply) });
  return held.outcome === "accepted" ? null : rejected(phase, reply);
}

/** The first refusal, otherwise the reply to the message. Null if there was neither. */
function decisiveReply({ mail, recipients, data, message, delivery }: Transaction, index: number): [Phase, TimedReply] | null {
  const rcpt = recipients[index] ?? null;
  if (mail !== null && replyClass(mail) !== 2) return ["mail", mail];
  if (rcpt !== null && replyClass(rcpt) !== 2) return ["rcpt", rcpt];
  if (data !== null && replyClass(data) > 3) return ["data", data];
  // A message that the server accepted before its end was not sent completely; a reply that neither accepts nor refuses leaves it in doubt.
  return message === null || rcpt === null || delivery === "not_sent" || delivery === "unknown" ? null : ["data", message];
}

function outcomeOf(reply: TimedReply): Recipient["outcome"] {
  const found = replyClass(reply);
  if (found === 2) return "accepted";
  return found === 4 ? "deferred" : "refused";
}

/** There was no transaction: what ended the conversation before it holds for all. */
export function decideAll(evidence: SendEvidence, { number, recipients }: SendAttempt, broke: FailureError): void {
  const { phase, reply_code: code, enhanced_code } = broke.failure;
  const reply = replyOf(broke);
  if (reply === null) return;
  const outcome = isTemporary(broke.failure) ? "deferred" : "not_sent";
  const decision = { outcome, attempt: number, phase, code, enhanced_code, message: plainText(reply) };
  for (const index of recipients) Object.assign(evidence.recipients[index] as Recipient, decision);
}

/** Why a recipient does not get the message, from its record. */
export function failureOf({ outcome, phase, code, enhanced_code: enhanced, message }: Recipient): Failure | null {
  if (outcome === "unknown")
    return { ...failure("data", "cancelled", "the run was ended before the reply to the message: it may have been taken"), retryable: false };
  if (phase === null || code === null) return null;
  const text = enhanced === null ? message : `${enhanced} ${message}`;
  return rejected(phase, { code, lines: (text ?? "").split("\n") }).failure;
}
