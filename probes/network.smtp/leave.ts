import { FailureError } from "../../runner/failure-error.js";
import { finding } from "../../runner/judge.js";
import { quit } from "../../runner/net/smtp/commands.js";
import { replyClass, replyText } from "../../runner/net/smtp/reply.js";
import type { SmtpSession } from "../../runner/net/smtp/session.js";
import type { Finding } from "../../schemas/finding.js";

/**
 * Says goodbye while there is someone to say it to, and closes. A goodbye that is lost says nothing about the service that
 * was measured before it: it gives a warning, and never the run's failure.
 */
export async function leave(session: SmtpSession): Promise<Finding[]> {
  if (session.connection.broken !== null) return [];
  try {
    const reply = await quit(session);
    return replyClass(reply) === 2 ? [] : [finding("warning", "quit_refused", `QUIT was answered ${reply.code} ${replyText(reply)}`, "221", reply.code)];
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    return [finding("warning", "quit_lost", `QUIT got no reply: ${error.failure.message}`, "221", error.failure.code)];
  }
}
