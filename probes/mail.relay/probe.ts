import type { Context } from "../../runner/harness/context.js";
import { defineProbe, type Evidence } from "../../runner/harness/define-probe.js";
import { hello, heloDomain, rset } from "../../runner/net/smtp/commands.js";
import { leave } from "../../runner/net/smtp/leave.js";
import { CLOSING, replyClass, replyText } from "../../runner/net/smtp/reply.js";
import { expectAccepted, SmtpSession, type TimedReply } from "../../runner/net/smtp/session.js";
import { findingsOf } from "../../runner/posture/check.js";
import { ownAddress, type RelayAttempt, relayAttempts } from "../../runner/posture/relay/attempts.js";
import { judgeRelay } from "../../runner/posture/relay/judge.js";
import { failureError } from "../../runner/run/failure-error.js";
import { statusOf } from "../../runner/run/judge.js";
import { type Input, newest, type Output } from "./schema.js";

type Ctx = Context<"tcp" | "tls">;

export default defineProbe({
  name: "mail.relay",
  summary: "Asks a mail server to pass mail on to an address of yours, in the forms that open relays are known by; no message is sent.",
  needs: ["tcp", "tls"],
  target: { host: "target_host", port: "target_port" },
  ...newest,
  checkInput: ({ own_address: own }) =>
    ownAddress(own) === null ? [{ pointer: "/own_address", message: "is not a plain address in a domain", hint: "for example relay-test@example.net" }] : [],
  run,
});

async function run(input: Input, ctx: Ctx): Promise<Evidence<Output>> {
  const own = ownAddress(input.own_address);
  if (own === null) throw new Error("own_address passed the check of the input");
  const attempts = relayAttempts(own, { host: input.target_host, domain: input.target_domain ?? null });
  const evidence = nothingYet(input, attempts);
  evidence.failure = await ctx.attempt(async () => {
    const session = await SmtpSession.connect(ctx, { ...input, host: input.target_host, port: input.target_port }, evidence.attempts);
    try {
      const greeting = await session.greet();
      evidence.banner = replyText(greeting);
      expectAccepted("greeting", greeting);
      await hello(session, heloDomain(input.helo_domain, session.connection));
      for (const [index, attempt] of attempts.entries()) {
        const reply = await ask(session, attempt);
        Object.assign(evidence.relay_attempts[index] as object, outcomeOf(reply));
        if (reply.code === CLOSING) throw failureError("rcpt", "closed", `the server ends the conversation: ${replyText(reply)}`);
        await rset(session);
      }
    } finally {
      await leave(session);
    }
  });
  const isAsked = evidence.relay_attempts.some(({ outcome }) => outcome !== "not_asked");
  evidence.checks = isAsked ? judgeRelay(input.target_host, evidence.relay_attempts) : [];
  evidence.findings = findingsOf(evidence.checks);
  evidence.status = statusOf(evidence.failure, evidence.findings);
  return evidence;
}

/** A sender that is refused is an answer as well: the recipient is not asked for then. */
async function ask(session: SmtpSession, { sender, recipient }: RelayAttempt): Promise<TimedReply> {
  const reply = await session.command("MAIL", "mail", `MAIL FROM:<${sender}>`);
  return replyClass(reply) === 2 ? session.command("RCPT", "rcpt", `RCPT TO:<${recipient}>`) : reply;
}

function outcomeOf(reply: TimedReply): Pick<Output["relay_attempts"][number], "outcome" | "reply_code" | "reply"> {
  const kind = replyClass(reply);
  return { outcome: kind === 2 ? "accepted" : kind === 4 ? "deferred" : "refused", reply_code: reply.code, reply: replyText(reply) };
}

function nothingYet({ target_host, target_port }: Input, attempts: readonly RelayAttempt[]): Evidence<Output> {
  return {
    status: "ok",
    failure: null,
    target_host,
    target_port,
    attempts: [],
    banner: null,
    relay_attempts: attempts.map((attempt) => ({ ...attempt, outcome: "not_asked", reply_code: null, reply: null })),
    checks: [],
    findings: [],
  };
}
