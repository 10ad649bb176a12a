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

/** Its deadline, and the timeouts of the sessions below, are for tests that hang: a test of a timeout sets its own. */
export function testRun(timeoutMs = 60_000): TestRun {
  const trace: TraceEvent[] = [];
  const recorder = new Recorder((event) => trace.push(event));
  const state: RunState = { recorder, deadline: new Deadline(timeoutMs, undefined), secrets: new SecretKeeper(), memory: null, targets: null, artifacts: null };
  return { state, context: { tcp: tcpGrant(state), tls: tlsGrant(state), run: state }, trace };
}

export const TEST_TIMEOUTS = { connect_timeout_ms: 20_000, command_timeout_ms: 20_000 } as const;

/** Connects to a test server and greets it. */
export async function greetedSession(run: TestRun, server: { host: string; port: number }): Promise<SmtpSession> {
  const session = await SmtpSession.connect(run.context, {
    host: server.host,
    port: server.port,
    address_family: "any",
    ...TEST_TIMEOUTS,
  });
  await session.greet();
  await hello(session, "probe.example.org");
  return session;
}
