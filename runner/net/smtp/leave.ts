import { FailureError } from "../../run/failure-error.js";
import { quit } from "./commands.js";
import type { SmtpSession } from "./session.js";

/** Says goodbye while there is someone to say it to, and closes. That it got lost says nothing of what was learned before. */
export async function leave(session: SmtpSession): Promise<void> {
  // A client never talks before the greeting: whoever did not wait for it, as when the certificate would not do, just goes.
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
