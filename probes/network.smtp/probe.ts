import { defineProbe } from "../../runner/harness/define-probe.js";
import { sizeOf } from "../../runner/net/smtp/capabilities.js";
import { noop } from "../../runner/net/smtp/commands.js";
import { accepted, type SmtpSession } from "../../runner/net/smtp/session.js";
import { statusOf } from "../../runner/run/judge.js";
import { noteAnomalies } from "./anomalies.js";
import { type Ctx, nothingYet, type SmtpEvidence } from "./evidence.js";
import { judge } from "./judge.js";
import { leave } from "./leave.js";
import { openSession } from "./open-session.js";
import { type Input, newest } from "./schema.js";
import { v1 } from "./v1.js";

export default defineProbe({
  name: "network.smtp",
  summary: "Greets an SMTP server, secures the connection, asks what it can do, times NOOP and says goodbye.",
  needs: ["tcp", "tls", "clock"],
  target: { host: "target_host", port: "target_port" },
  ...newest,
  older: { "1.0.0": v1 },
  run,
});

async function run(input: Input, ctx: Ctx): Promise<SmtpEvidence> {
  const began = ctx.clock.now();
  const evidence = nothingYet(input);
  evidence.failure = await ctx.attempt(() => converse(input, ctx, evidence));
  evidence.size = sizeOf(evidence.capabilities);
  judge(input, evidence, ctx.clock.now() - began);
  evidence.status = statusOf(evidence.failure, evidence.findings);
  return evidence;
}

async function converse(input: Input, ctx: Ctx, evidence: SmtpEvidence): Promise<void> {
  const session = await openSession(ctx, input, evidence);
  try {
    await ask(session, input, ctx, evidence);
  } catch (error) {
    // What broke the run is told; that the goodbye behind it got lost as well is no news.
    await leave(session);
    throw error;
  } finally {
    noteAnomalies(session, evidence);
  }
  evidence.findings.push(...(await leave(session)));
}

/**
 * What is asked of a server that has greeted us. NOOP comes before the login: a password that is wrong leaves its time known.
 * Logging in and sending are loaded when they are asked for, since most runs do neither and start-up counts.
 */
async function ask(session: SmtpSession, input: Input, ctx: Ctx, evidence: SmtpEvidence): Promise<void> {
  const reply = await noop(session);
  evidence.response_time_ms = reply.duration_ms;
  accepted("noop", reply);
  if (input.auth !== undefined) {
    const { authenticate } = await import("../../runner/net/smtp/auth.js");
    evidence.auth = { mechanism: null, accepted: false };
    await authenticate(session, input.auth, ctx.tcp.state.secrets, evidence.auth);
    evidence.auth.accepted = true;
  }
  if (input.send_message !== undefined) {
    const { sendTestMessage } = await import("./message.js");
    await sendTestMessage(session, input.send_message, evidence);
  }
}
