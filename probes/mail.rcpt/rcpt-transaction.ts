import { has } from "../../runner/net/smtp/capabilities.js";
import { mailLine, rcptLine } from "../../runner/net/smtp/mail-and-rcpt.js";
import type { Mailbox } from "../../runner/net/smtp/mailbox.js";
import { CLOSING, replyClass } from "../../runner/net/smtp/reply.js";
import type { SmtpSession, TimedReply } from "../../runner/net/smtp/session.js";
import type { Envelope } from "../../runner/replies/envelope.js";
import { FailureError } from "../../runner/run/failure-error.js";
import { type Decision, decisionOfFailure, decisionOfReply } from "./decide.js";

type Command = Parameters<SmtpSession["pipeline"]>[0][number];
type Outcome = PromiseSettledResult<TimedReply>;

/** The result of checking one address. */
export interface Answer {
  readonly decision: Decision;
  /** answered: continue. refused: by a reply about us, which will be the same for the next address. gone: the server is closing or gone. */
  readonly kind: "answered" | "refused" | "gone";
  /** False where another connection or another mail host may still give an answer. */
  readonly isFinal: boolean;
  /** Of the reply to RCPT. */
  readonly ms: number | null;
}

export interface Pacing {
  /** Several commands in one write, if the server offers it. */
  readonly mayPipeline: boolean;
  /** The pause between two addresses; null if none is configured. Resolves early when the run ends. */
  readonly pause: (() => Promise<void>) | null;
}

/** Commands that go out together: more would be a burst in a server's log, and gain nothing. */
const MAX_TOGETHER = 16;

/**
 * Asks for addresses, each in a transaction of its own: MAIL, RCPT, RSET. Several recipients in one transaction make some servers
 * answer for their combination ("recipients belong to multiple regions"), and make one address's answer hang on another's.
 * Gives an answer for each until one says that there is no use in going on. DATA is never sent.
 */
export async function askForAddresses(
  session: SmtpSession,
  sender: Mailbox | null,
  mailboxes: readonly Mailbox[],
  { mayPipeline, pause }: Pacing,
): Promise<Answer[]> {
  const mostTogether = pause === null ? MAX_TOGETHER : 1;
  const together = mayPipeline && has(session.capabilities, "PIPELINING") ? mostTogether : 1;
  const made = mailboxes.map(transactionsOf(session, sender));
  const answers: Answer[] = [];
  // The first goes alone: a server that refuses us says so once, not sixteen times.
  for (let from = 0, size = 1; from < made.length; from += size, size = together) {
    if (from === 0) size = 1;
    else if (pause !== null) await pause();
    const given = together === 1 ? [await oneByOne(session, made[from] as RcptTransaction)] : await pipelined(session, made.slice(from, from + size));
    answers.push(...given);
    if (given.some(({ kind }) => kind !== "answered")) break;
  }
  return answers;
}

type Transaction = readonly [mail: Command, rcpt: Command, rset: Command];

/** The commands that check an address, or the result if this server cannot be asked about it. */
type RcptTransaction = { commands: Transaction; envelope: Envelope } | { answer: Answer };

const RSET: Command = { name: "RSET", phase: "rset", line: "RSET" };

function transactionsOf(session: SmtpSession, sender: Mailbox | null): (mailbox: Mailbox) => RcptTransaction {
  // The same for one address after the other; built again only for an address beyond ASCII.
  let usual: Command | null = null;
  const mailCommand = (smtpUtf8: boolean): Command => ({ name: "MAIL", phase: "mail", line: mailLine(session, sender, { smtpUtf8 }) });
  return (mailbox) => {
    try {
      const rcpt: Command = { name: "RCPT", phase: "rcpt", line: rcptLine(session, mailbox) };
      if (!mailbox.needsSmtpUtf8) usual ??= mailCommand(false);
      const mail = mailbox.needsSmtpUtf8 || usual === null ? mailCommand(mailbox.needsSmtpUtf8) : usual;
      return { commands: [mail, rcpt, RSET], envelope: { sender: sender?.path ?? null, recipient: mailbox.path } };
    } catch (error) {
      if (!(error instanceof FailureError)) throw error;
      return { answer: { decision: decisionOfFailure(error.failure), kind: "answered", isFinal: true, ms: null } };
    }
  };
}

/** Those that the server can be asked for go out in one write (RFC 2920). */
async function pipelined(session: SmtpSession, made: readonly RcptTransaction[]): Promise<Answer[]> {
  const commands: Command[] = [];
  for (const each of made) if ("commands" in each) commands.push(...each.commands);
  const outcomes = await session.pipeline(commands);
  let next = 0;
  return made.map((each) => {
    if ("answer" in each) return each.answer;
    next += 3;
    return answerOf(each.envelope, outcomes[next - 3] as Outcome, outcomes[next - 2], outcomes[next - 1]);
  });
}

async function oneByOne(session: SmtpSession, made: RcptTransaction): Promise<Answer> {
  if ("answer" in made) return made.answer;
  const outcomes: Outcome[] = [];
  for (const command of made.commands) {
    const [outcome] = (await session.pipeline([command])) as [Outcome];
    outcomes.push(outcome);
    // After a refused MAIL there is no transaction to continue; a server that is closing cannot be asked.
    if (outcome.status === "rejected" || outcome.value.code === CLOSING || (command.phase === "mail" && replyClass(outcome.value) !== 2)) break;
  }
  return answerOf(made.envelope, outcomes[0] as Outcome, outcomes[1], outcomes[2]);
}

function answerOf(envelope: Envelope, mail: Outcome, rcpt: Outcome | undefined, rset: Outcome | undefined): Answer {
  if (mail.status === "rejected") return lost(mail.reason as FailureError);
  if (replyClass(mail.value) !== 2) {
    const isClosing = mail.value.code === CLOSING;
    return { decision: decisionOfReply("mail", mail.value, envelope), kind: isClosing ? "gone" : "refused", isFinal: !isClosing, ms: null };
  }
  if (rcpt === undefined || rcpt.status === "rejected") return lost((rcpt as PromiseRejectedResult).reason as FailureError);
  const decision = decisionOfReply("rcpt", rcpt.value, envelope);
  const ms = rcpt.value.duration_ms;
  if (rcpt.value.code === CLOSING) return { decision, kind: "gone", isFinal: false, ms };
  if (AMONG_US.has(decision.reason)) return { decision, kind: "refused", isFinal: true, ms };
  // The previous transaction must be ended, or the next one would be inside it. Answers so far are kept.
  const isOver = rset?.status === "fulfilled" && replyClass(rset.value) === 2;
  return { decision, kind: isOver ? "answered" : "gone", isFinal: true, ms };
}

/** Said of an address, meant for us: the next address would hear the same. */
const AMONG_US: ReadonlySet<string> = new Set(["client_blocked", "sender_refused", "rate_limited", "tls_required"]);

function lost({ failure }: FailureError): Answer {
  return { decision: decisionOfFailure(failure), kind: "gone", isFinal: false, ms: null };
}
