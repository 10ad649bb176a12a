import { logout } from "../../runner/net/imap/commands.js";
import { statusLine } from "../../runner/net/imap/response.js";
import type { ImapSession } from "../../runner/net/imap/session.js";
import { sayGoodbye } from "../../runner/service-check/say-goodbye.js";
import type { Finding } from "../../schemas/finding.js";

export function leave(session: ImapSession): Promise<Finding[]> {
  return sayGoodbye({
    verb: "LOGOUT",
    expected: "OK",
    async ask() {
      const reply = await logout(session);
      return { words: statusLine(reply), refusal: reply.status === "OK" ? null : reply.status };
    },
  });
}
