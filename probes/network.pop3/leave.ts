import { quit } from "../../runner/net/pop3/commands.js";
import { replyLine } from "../../runner/net/pop3/reply.js";
import type { Pop3Session } from "../../runner/net/pop3/session.js";
import { sayGoodbye } from "../../runner/service-check/say-goodbye.js";
import type { Finding } from "../../schemas/finding.js";

export function leave(session: Pop3Session): Promise<Finding[]> {
  return sayGoodbye({
    verb: "QUIT",
    expected: "+OK",
    async ask() {
      const reply = await quit(session);
      return { words: replyLine(reply), refusal: reply.status === "OK" ? null : "-ERR" };
    },
  });
}
