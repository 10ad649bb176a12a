import { Pop3Session } from "../../runner/net/pop3/session.js";
import type { SessionOptions } from "../../runner/net/transport/reply-session.js";
import { TEST_TIMEOUTS, type TestRun } from "./smtp-context.js";

/** A session with a test server that has greeted. */
export async function greetedPop3(run: TestRun, server: { host: string; port: number }, options: Partial<SessionOptions> = {}): Promise<Pop3Session> {
  const session = await Pop3Session.connect(run.context, {
    host: server.host,
    port: server.port,
    address_family: "any",
    ...TEST_TIMEOUTS,
    ...options,
  });
  await session.greet();
  return session;
}
