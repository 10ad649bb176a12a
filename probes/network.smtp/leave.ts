import { quit } from "../../runner/net/smtp/commands.js";
import { replyClass, replyText } from "../../runner/net/smtp/reply.js";
import type { SmtpSession } from "../../runner/net/smtp/session.js";
import { sayGoodbye } from "../../runner/service-check/say-goodbye.js";
import type { Finding } from "../../schemas/finding.js";

export function leave(session: SmtpSession): Promise<Finding[]> {
  return sayGoodbye({
    verb: "QUIT",
    expected: "221",
    async ask() {
      const reply = await quit(session);
      return { words: `${reply.code} ${replyText(reply)}`, refusal: replyClass(reply) === 2 ? null : reply.code };
    },
  });
}
