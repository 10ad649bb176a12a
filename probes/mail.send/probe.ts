import { defineProbe } from "../../runner/define-probe.js";
import { usualTimeoutMs } from "./schedule.js";
import { newest } from "./schema.js";
import { sendMail } from "./send-mail.js";

export default defineProbe({
  name: "mail.send",
  summary: "Hands a real message to a mail server, patiently where it is told to come back, and says what became of it.",
  needs: ["tcp", "tls", "clock", "memory"],
  ...newest,
  usualTimeoutMs,
  run: (input, ctx) => sendMail(ctx, input),
});
