import { ImapSession, type SessionOptions } from "../../runner/net/imap/session.js";
import { TEST_TIMEOUTS, type TestRun } from "./smtp-context.js";

/** A session with a test server that has greeted. */
export async function greetedImap(run: TestRun, server: { host: string; port: number }, options: Partial<SessionOptions> = {}): Promise<ImapSession> {
  const session = await ImapSession.connect(run.context, {
    host: server.host,
    port: server.port,
    address_family: "any",
    ...TEST_TIMEOUTS,
    ...options,
  });
  await session.greet();
  return session;
}
