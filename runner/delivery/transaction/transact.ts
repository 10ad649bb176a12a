import type { Failure, Phase } from "../../../schemas/failure.js";
import { has } from "../../net/smtp/capabilities.js";
import type { Recipient as RcptParameters } from "../../net/smtp/mail.js";
import type { Mailbox } from "../../net/smtp/mailbox.js";
import { type Reply, replyClass } from "../../net/smtp/reply.js";
import { rejected, type SmtpSession, type TimedReply } from "../../net/smtp/session.js";
import { type Envelope, type Transaction, transaction } from "../../net/smtp/transaction.js";
import type { Order } from "../message/outbound-message.js";
import type { Recipient } from "../message/recipient.js";
import { decisionOfDoubt, decisionOfFailure, decisionOfReply, delivered } from "../outcome/decide.js";
import type { Broken, Decision, Speaker } from "../outcome/decision.js";
import { CLOSING } from "../session/open-direct.js";
import type { PooledSession } from "../session/pooled-session.js";
import type { Attempt } from "./attempt.js";

/** What one transaction leaves behind for those who are still to be decided. */
export interface Carried {
  /** Why the session cannot go on; null when it can. */
  readonly broke: Broken | null;
  /** The 421 with which the server goes; null when it stays. It may do better later, and another may do better now. */
  readonly closing: Reply | null;
  /** What is decided of each in the end, should nobody else do better. Settled ones are in their recipients already. */
  readonly fallbacks: ReadonlyMap<Recipient, Decision>;
}

/** Hands the message over for these recipients in one transaction, and settles everyone of whom the server has decided. */
export async function transact(order: Order, pooled: PooledSession, recipients: readonly Recipient[], speaker: Speaker, attempt: Attempt): Promise<Carried> {
  const { journal } = order;
  let isAnnounced = false;
  const said = await transaction(pooled.session, {
    ...envelopeOf(order, pooled.session, recipients),
    ...(journal === null
      ? {}
      : {
          beforeMessage: (accepted) => {
            isAnnounced = true;
            return journal.aboutToSend(accepted.map((place) => recipients[place] as Recipient));
          },
        }),
  });
  pooled.used += 1;
  const fallbacks = new Map<Recipient, Decision>();
  for (const [place, recipient] of recipients.entries()) {
    const decision = decisionFor(said, said.recipients[place] ?? null, speaker);
    if (isOpenStill(decision, said, speaker)) fallbacks.set(recipient, decision);
    else recipient.decision = decision;
  }
  attempt.end(said.delivery, said.failure);
  if (journal !== null && isAnnounced) await journal.settled(recipients);
  const broke = pooled.isUsable ? null : { failure: said.failure ?? GONE, reply: said.reply };
  return { broke, closing: repliesOf(said).find(({ code }) => code === CLOSING) ?? null, fallbacks };
}

const GONE: Failure = {
  phase: "rset",
  code: "closed",
  message: "the server has ended the session",
  reply_code: null,
  enhanced_code: null,
  retryable: true,
};

function envelopeOf({ mail, sender, dsn, requireTls }: Order, session: SmtpSession, recipients: readonly Recipient[]): Envelope {
  // Who does not know DSN is not told of it: whether a report comes is his matter then (RFC 3461, section 5.2.2).
  const asked = dsn !== null && has(session.capabilities, "DSN") ? dsn : null;
  return {
    sender,
    recipients: recipients.map(
      ({ mailbox, address }): RcptParameters =>
        asked === null ? (mailbox as Mailbox) : { ...(mailbox as Mailbox), ...asked.rcpt, ...(address.length > LONGEST_ORCPT ? {} : { orcpt: address }) },
    ),
    message: mail.bytes,
    size: mail.size,
    ...(mail.body === "7BIT" ? {} : { body: mail.body }),
    smtpUtf8: mail.needsSmtpUtf8,
    ...(requireTls ? { requireTls } : {}),
    ...asked?.mail,
  };
}

/** Written in xtext it may be three times as long, and 500 characters are allowed (RFC 3461, section 4.2). */
const LONGEST_ORCPT = 160;

/** What one recipient heard: to its own RCPT, or for all of them to MAIL, to DATA or to the message. */
function decisionFor(said: Transaction, rcpt: TimedReply | null, speaker: Speaker): Decision {
  const { mail, data, message, delivery, failure, reply } = said;
  // First: a server that refuses MAIL of a pipeline says 503 to what follows, whatever its reason was.
  if (mail !== null && replyClass(mail) !== 2) return decisionOfNo("mail", mail, speaker);
  if (rcpt !== null && replyClass(rcpt) !== 2) return decisionOfNo("rcpt", rcpt, speaker);
  if (delivery === "accepted") return delivered(message as Reply, speaker);
  if (delivery === "unknown") return decisionOfDoubt(failure as Failure, speaker, reply);
  if (message !== null && isRefusal(message)) return decisionOfReply("data", message, speaker);
  if (data !== null && isRefusal(data)) return decisionOfReply("data", data, speaker);
  return decisionOfFailure(failure as Failure, speaker, reply);
}

/** A server that goes, or is gone, has decided nothing; nor has one that only takes so many at once (452, RFC 5321, section 4.5.3.1.10). */
function isOpenStill({ kind, code }: Decision, { delivery, recipients }: Transaction, { saidBy }: Speaker): boolean {
  if (kind !== "later") return false;
  if (code === null || code === CLOSING || saidBy === "us") return true;
  return code === TOO_MANY && delivery === "accepted" && recipients.some((reply) => reply !== null && replyClass(reply) === 2);
}

const TOO_MANY = 452;

/** A reply that is no yes. What is neither 4yz nor 5yz is no refusal either: the server has lost its way, and may find it again. */
function decisionOfNo(phase: Phase, reply: Reply, speaker: Speaker): Decision {
  return isRefusal(reply) ? decisionOfReply(phase, reply, speaker) : decisionOfFailure(rejected(phase, reply).failure, speaker);
}

function isRefusal(reply: Reply): boolean {
  return replyClass(reply) === 4 || replyClass(reply) === 5;
}

function repliesOf({ mail, recipients, data, message }: Transaction): TimedReply[] {
  return [mail, ...recipients, data, message].filter((reply) => reply !== null);
}
