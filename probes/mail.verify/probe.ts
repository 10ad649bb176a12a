import type { Context } from "../../runner/harness/context.js";
import { defineProbe } from "../../runner/harness/define-probe.js";
import { type Input, newest } from "./schema.js";
import { type Facts, verifyMessage } from "./verify-message.js";

export default defineProbe({
  name: "mail.verify",
  summary: "Verifies a received message: SPF, DKIM, DMARC and ARC, judged as of the time of receipt.",
  needs: ["resolver"],
  ...newest,
  run,
});

function run(input: Input, ctx: Context<"resolver">): Promise<Facts> {
  return verifyMessage(input.message === undefined ? Buffer.from(input.message_base64 ?? "", "base64") : Buffer.from(input.message), input, ctx);
}
