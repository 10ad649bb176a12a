import type { Attempt } from "../../../schemas/network.js";
import { hello, heloDomain, rset } from "../../net/smtp/commands.js";
import { leave } from "../../net/smtp/leave.js";
import { CLOSING, replyClass, replyText } from "../../net/smtp/reply.js";
import { expectAccepted, type SessionOptions, SmtpSession, type TimedReply } from "../../net/smtp/session.js";
import type { TcpGrant } from "../../net/transport/dial.js";
import type { TlsGrant } from "../../net/transport/tls.js";
import { failureError } from "../../run/failure-error.js";
import type { RelayAttempt } from "./attempts.js";
import type { RelayFacts } from "./judge.js";

export interface RelayTarget extends SessionOptions {
  readonly helo_domain?: string;
}

/** What is learned, as it is learned: it survives a failure. */
export interface RelayAnswers {
  readonly attempts: Attempt[];
  banner: string | null;
  readonly relay_attempts: RelayFacts[];
}

export function relayNotAsked(attempts: readonly RelayAttempt[]): RelayAnswers {
  return { attempts: [], banner: null, relay_attempts: attempts.map((attempt) => ({ ...attempt, outcome: "not_asked", reply_code: null, reply: null })) };
}

/** Asks a mail server, in one session, to take mail for each recipient. No message is sent. */
export async function askRelay(context: { readonly tcp: TcpGrant; readonly tls: TlsGrant }, target: RelayTarget, answers: RelayAnswers): Promise<void> {
  const session = await SmtpSession.connect(context, target, answers.attempts);
  try {
    const greeting = await session.greet();
    answers.banner = replyText(greeting);
    expectAccepted("greeting", greeting);
    await hello(session, heloDomain(target.helo_domain, session.connection));
    for (const [index, attempt] of answers.relay_attempts.entries()) {
      const reply = await ask(session, attempt);
      answers.relay_attempts[index] = { ...attempt, ...outcomeOf(reply) };
      if (reply.code === CLOSING) throw failureError("rcpt", "closed", `the server ends the conversation: ${replyText(reply)}`);
      await rset(session);
    }
  } finally {
    await leave(session);
  }
}

/** A sender that is refused is an answer as well: the recipient is not asked for then. */
async function ask(session: SmtpSession, { sender, recipient }: RelayAttempt): Promise<TimedReply> {
  const reply = await session.command("MAIL", "mail", `MAIL FROM:<${sender}>`);
  return replyClass(reply) === 2 ? session.command("RCPT", "rcpt", `RCPT TO:<${recipient}>`) : reply;
}

function outcomeOf(reply: TimedReply): Pick<RelayFacts, "outcome" | "reply_code" | "reply"> {
  const kind = replyClass(reply);
  return { outcome: kind === 2 ? "accepted" : kind === 4 ? "deferred" : "refused", reply_code: reply.code, reply: replyText(reply) };
}
