import type { HttpContext } from "../../runner/net/http/exchange.js";
import { hello } from "../../runner/net/smtp/commands.js";
import { type SmtpContext, SmtpSession } from "../../runner/net/smtp/session.js";
import { tcpGrant } from "../../runner/net/transport/dial.js";
import { tlsGrant } from "../../runner/net/transport/tls.js";
import { Deadline } from "../../runner/run/deadline.js";
import { Recorder, type TraceEvent } from "../../runner/run/recorder.js";
import type { RunState } from "../../runner/run/run-state.js";
import { SecretKeeper } from "../../runner/run/secret-keeper.js";

/** What the harness holds of a run, for tests of the wire clients below it. */
export interface TestRun {
  state: RunState;
  context: SmtpContext & HttpContext;
  trace: TraceEvent[];
}

export function testRun(timeoutMs = 5000): TestRun {
  const trace: TraceEvent[] = [];
  const recorder = new Recorder((event) => trace.push(event));
  const state: RunState = { recorder, deadline: new Deadline(timeoutMs, undefined), secrets: new SecretKeeper(), memory: null, targets: null, artifacts: null };
  return { state, context: { tcp: tcpGrant(state), tls: tlsGrant(state), run: state }, trace };
}

/** Connects to a test server and greets it. */
export async function greetedSession(run: TestRun, server: { host: string; port: number }, commandTimeoutMs = 2000): Promise<SmtpSession> {
  const session = await SmtpSession.connect(run.context, {
    host: server.host,
    port: server.port,
    address_family: "any",
    connect_timeout_ms: 2000,
    command_timeout_ms: commandTimeoutMs,
  });
  await session.greet();
  await hello(session, "probe.example.org");
  return session;
}
