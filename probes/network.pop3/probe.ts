import { defineProbe } from "../../runner/harness/define-probe.js";
import { capa, noop, stat } from "../../runner/net/pop3/commands.js";
import { accepted } from "../../runner/net/pop3/reply.js";
import type { Pop3Session } from "../../runner/net/pop3/session.js";
import { statusOf } from "../../runner/run/judge.js";
import type { Pop3AuthInput } from "../../schemas/pop3.js";
import { noteAnomalies } from "./anomalies.js";
import { type Ctx, nothingYet, type Pop3Evidence } from "./evidence.js";
import { judge } from "./judge.js";
import { leave } from "./leave.js";
import { openSession } from "./open-session.js";
import { type Input, newest } from "./schema.js";

export default defineProbe({
  name: "network.pop3",
  summary: "Greets a POP3 server, secures the connection, asks what it can do, logs in and counts messages if asked, and says goodbye.",
  needs: ["tcp", "tls", "clock"],
  target: { host: "target_host", port: "target_port" },
  ...newest,
  run,
});

async function run(input: Input, ctx: Ctx): Promise<Pop3Evidence> {
  const began = ctx.clock.now();
  const evidence = nothingYet(input);
  evidence.failure = await ctx.attempt(() => converse(input, ctx, evidence));
  judge(input, evidence, ctx.clock.now() - began);
  evidence.status = statusOf(evidence.failure, evidence.findings);
  return evidence;
}

async function converse(input: Input, ctx: Ctx, evidence: Pop3Evidence): Promise<void> {
  const session = await openSession(ctx, input, evidence);
  try {
    if (input.auth !== undefined) await look(session, input.auth, ctx, evidence);
  } catch (error) {
    // What broke the run is told; that the goodbye behind it got lost as well is no news.
    await leave(session);
    throw error;
  } finally {
    noteAnomalies(session, evidence);
  }
  evidence.findings.push(...(await leave(session)));
}

/** Looks into the mailbox, and changes nothing in it: whoever only logs in, counts and leaves deletes nothing (RFC 1939, section 6). */
async function look(session: Pop3Session, auth: Pop3AuthInput, ctx: Ctx, evidence: Pop3Evidence): Promise<void> {
  // Loaded when it is asked for: most runs do not log in, and start-up counts.
  const { logIn } = await import("../../runner/net/pop3/login.js");
  evidence.auth = { mechanism: null, accepted: false };
  await logIn(session, auth, ctx.tcp.state.secrets, evidence.auth);
  evidence.auth.accepted = true;
  evidence.mailbox = await stat(session);
  const reply = await noop(session);
  evidence.response_time_ms = reply.duration_ms;
  accepted("noop", reply);
  if (evidence.capabilities === null) return;
  await capa(session);
  evidence.capabilities_after_login = session.capabilities === null ? null : [...session.capabilities];
}
