import { defineProbe } from "../../runner/harness/define-probe.js";
import { capability, noop } from "../../runner/net/imap/commands.js";
import { accepted } from "../../runner/net/imap/reply.js";
import type { ImapSession } from "../../runner/net/imap/session.js";
import { fail } from "../../runner/run/failure-error.js";
import { statusOf } from "../../runner/run/judge.js";
import { noteAnomalies } from "./anomalies.js";
import { type Ctx, type ImapEvidence, nothingYet } from "./evidence.js";
import { judge } from "./judge.js";
import { leave } from "./leave.js";
import { openSession } from "./open-session.js";
import { type Input, newest } from "./schema.js";

export default defineProbe({
  name: "network.imap",
  summary: "Greets an IMAP server, secures the connection, asks what it can do, times NOOP, logs in if asked, and says goodbye.",
  needs: ["tcp", "tls", "clock"],
  target: { host: "target_host", port: "target_port" },
  ...newest,
  run,
});

async function run(input: Input, ctx: Ctx): Promise<ImapEvidence> {
  const began = ctx.clock.now();
  const evidence = nothingYet(input);
  evidence.failure = await ctx.attempt(() => converse(input, ctx, evidence));
  judge(input, evidence, ctx.clock.now() - began);
  evidence.status = statusOf(evidence.failure, evidence.findings);
  return evidence;
}

async function converse(input: Input, ctx: Ctx, evidence: ImapEvidence): Promise<void> {
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

/** What is asked of a server that has greeted us. NOOP comes before the login: a password that is wrong leaves its time known. */
async function ask(session: ImapSession, input: Input, ctx: Ctx, evidence: ImapEvidence): Promise<void> {
  const reply = await noop(session);
  evidence.response_time_ms = reply.duration_ms;
  accepted("noop", reply);
  if (input.auth === undefined) return;
  evidence.auth = { mechanism: null, accepted: false };
  if (evidence.greeting === "preauth")
    throw fail("auth", "unsupported", "the server greeted with PREAUTH: whoever comes is logged in, and nobody can log in any more");
  // Loaded when it is asked for: most runs do not log in, and start-up counts.
  const { logIn } = await import("../../runner/net/imap/login.js");
  await logIn(session, input.auth, ctx.tcp.state.secrets, evidence.auth);
  evidence.auth.accepted = true;
  evidence.capabilities_after_login = [...(await capability(session))];
}
