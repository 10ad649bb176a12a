import { FailureError } from "../../run/failure-error.js";
import { quit } from "./commands.js";
import type { SmtpSession } from "./session.js";

/** Says goodbye if there is a conversation, and closes. A failure of the goodbye says nothing about earlier results. */
export async function leave(session: SmtpSession): Promise<void> {
  // A client does not speak before the greeting: if it was not awaited, for example because of the certificate, the connection is just closed.
  if (session.connection.broken !== null || session.farewell !== null || session.greeting === null) return session.close();
  const leaving = quit(session);
  if (session.options.command_timeout_ms > GOODBYE_MS) session.connection.waitAtMost(GOODBYE_MS);
  try {
    await leaving;
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
  }
}

/** Nothing hangs on the answer to a goodbye: a server that is silent, or slow on purpose, is not waited for as for another reply. */
const GOODBYE_MS = 3000;
