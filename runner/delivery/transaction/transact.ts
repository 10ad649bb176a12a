import type { Failure, Phase } from "../../../schemas/failure.js";
import type { PooledSession } from "../../mail-sites/pooled-session.js";
import { has } from "../../net/smtp/capabilities.js";
import type { Recipient as RcptParameters } from "../../net/smtp/mail-and-rcpt.js";
import type { Mailbox } from "../../net/smtp/mailbox.js";
import { CLOSING, type Reply, replyClass } from "../../net/smtp/reply.js";
import { rejected, type SmtpSession, type TimedReply } from "../../net/smtp/session.js";
import { type Envelope, type Transaction, transaction } from "../../net/smtp/transaction.js";
import type { Envelope as Ends } from "../../replies/envelope.js";
import type { OutboundMessage } from "../message/outbound-message.js";
import type { PreparedMessage } from "../message/prepare-message.js";
import type { Recipient } from "../message/recipient.js";
import { decisionOfFailure, decisionOfReply, decisionOfUnknown, delivered } from "../outcome/decide.js";
import type { Broken, Decision, Speaker } from "../outcome/decision.js";
import type { Attempt } from "./attempt.js";

/** The decisions of one transaction. The caller settles the recipients. */
export interface TransactionResult {
  readonly settled: ReadonlyMap<Recipient, Decision>;
  /** Recipients that another host or session may accept, and the decision for each if none does. */
  readonly fallbacks: ReadonlyMap<Recipient, Decision>;
  /** Why the session can no longer be used; null if it can. */
  readonly broke: Broken | null;
  /** The 421 with which the server closes the connection; null if it does not. Another server may accept the message now. */
  readonly closing: Reply | null;
  /** The server's reply to MAIL; "none" also for a 421, which concerns the connection. */
  readonly mail: "accepted" | "refused" | "none";
  /** The journal records that the message is about to be sent. */
  readonly isAnnounced: boolean;
}

/** Sends the message to these recipients in one transaction, and classifies the server's decision for each. */
export async function transact(
  message: OutboundMessage,
  pooled: PooledSession,
  recipients: readonly Recipient[],
  speaker: Speaker,
  attempt: Attempt,
): Promise<TransactionResult> {
  const { journal } = message;
  let isAnnounced = false;
  const announce = (accepted: readonly number[]): Promise<void> | undefined => {
    isAnnounced = true;
    return journal?.aboutToSend(accepted.map((index) => recipients[index] as Recipient));
  };
  const result = await transaction(pooled.session, {
    ...envelopeOf(message, await preparedFor(message, pooled.session), pooled.session, recipients),
    ...(journal === null ? {} : { beforeMessage: async (accepted) => announce(accepted) }),
  });
  pooled.used += 1;
  const settled = new Map<Recipient, Decision>();
  const fallbacks = new Map<Recipient, Decision>();
  for (const [index, recipient] of recipients.entries()) {
    const ends = { sender: message.sender?.path ?? null, recipient: recipient.mailbox?.path ?? recipient.address };
    const decision = decisionFor(result, result.recipients[index] ?? null, speaker, ends);
    (isPassable(decision, result, speaker) ? fallbacks : settled).set(recipient, decision);
  }
  attempt.end(result.delivery, result.failure);
  return {
    settled,
    fallbacks,
    broke: pooled.isUsable ? null : { failure: result.failure ?? ENDED_BY_SERVER, reply: result.reply },
    closing: repliesOf(result).find(({ code }) => code === CLOSING) ?? null,
    mail: answerOf(result.mail),
    isAnnounced,
  };
}

function answerOf(mail: TimedReply | null): TransactionResult["mail"] {
  if (mail === null || mail.code === CLOSING) return "none";
  if (replyClass(mail) === 2) return "accepted";
  return isRefusal(mail) ? "refused" : "none";
}

const ENDED_BY_SERVER: Failure = {
  phase: "rset",
  code: "closed",
  message: "the server has ended the session",
  reply_code: null,
  enhanced_code: null,
  retryable: true,
};

/** For a server without 8BITMIME the message is converted to seven bits if possible (RFC 6152, section 3). */
async function preparedFor({ prepared }: OutboundMessage, { capabilities }: SmtpSession): Promise<PreparedMessage> {
  if (prepared.eightBit === null || has(capabilities, "8BITMIME")) return prepared;
  return (await prepared.inSevenBits()) ?? prepared;
}

function envelopeOf({ sender, dsn, requireTls }: OutboundMessage, prepared: PreparedMessage, session: SmtpSession, recipients: readonly Recipient[]): Envelope {
  // DSN is not requested from a server without it, which then decides whether to send a report (RFC 3461, section 5.2.2).
  const asked = dsn !== null && has(session.capabilities, "DSN") ? dsn : null;
  return {
    sender,
    recipients: recipients.map(
      ({ mailbox, address }): RcptParameters =>
        asked === null ? (mailbox as Mailbox) : { ...(mailbox as Mailbox), ...asked.rcpt, ...(address.length > LONGEST_ORCPT ? {} : { orcpt: address }) },
    ),
    message: prepared.bytes,
    size: prepared.size,
    eightBit: prepared.eightBit,
    requireTls,
    ret: asked?.mail.ret,
    envid: asked?.mail.envid,
  };
}

/** In xtext it may be three times as long, and 500 characters are allowed (RFC 3461, section 4.2). */
const LONGEST_ORCPT = 160;

/** The decision for one recipient: by the reply to its own RCPT, or to MAIL, DATA or the message, which apply to all. */
function decisionFor(result: Transaction, rcpt: TimedReply | null, speaker: Speaker, ends: Ends): Decision {
  const { mail, data, message, delivery, failure, reply } = result;
  // Checked first: a server that refuses MAIL in a pipeline replies 503 to the following commands, whatever its reason was.
  if (mail !== null && replyClass(mail) !== 2) return decisionOfRefusal("mail", mail, speaker, ends);
  if (rcpt !== null && replyClass(rcpt) !== 2) return decisionOfRefusal("rcpt", rcpt, speaker, ends);
  if (delivery === "accepted") return delivered(message as Reply, speaker);
  if (delivery === "unknown") return decisionOfUnknown(failure as Failure, speaker, reply);
  if (message !== null && isRefusal(message)) return decisionOfReply("data", message, speaker, ends);
  if (data !== null && isRefusal(data)) return decisionOfReply("data", data, speaker, ends);
  return decisionOfFailure(failure as Failure, speaker, reply, ends);
}

/** A server that is closing or gone has decided nothing, nor has one that limits recipients per transaction (452, RFC 5321, section 4.5.3.1.10). */
function isPassable({ kind, code }: Decision, { delivery, recipients }: Transaction, { saidBy }: Speaker): boolean {
  if (kind !== "later") return false;
  if (code === null || code === CLOSING || saidBy === "us") return true;
  return code === TOO_MANY && delivery === "accepted" && recipients.some((reply) => reply !== null && replyClass(reply) === 2);
}

const TOO_MANY = 452;

/** A reply outside 4yz and 5yz is not a refusal either: the server is out of step, and may recover. */
function decisionOfRefusal(phase: Phase, reply: Reply, speaker: Speaker, ends: Ends): Decision {
  return isRefusal(reply) ? decisionOfReply(phase, reply, speaker, ends) : decisionOfFailure(rejected(phase, reply).failure, speaker, reply);
}

function isRefusal(reply: Reply): boolean {
  return replyClass(reply) === 4 || replyClass(reply) === 5;
}

function repliesOf({ mail, recipients, data, message }: Transaction): TimedReply[] {
  return [mail, ...recipients, data, message].filter((reply) => reply !== null);
}
