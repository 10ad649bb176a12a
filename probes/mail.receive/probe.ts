import { defineProbe } from "../../runner/harness/define-probe.js";
import { checkInput } from "./check-input.js";
import { commandTimeoutMs } from "./open-mailbox.js";
import { patienceMs, receiveMail } from "./receive.js";
import { type Input, newest } from "./schema.js";

export default defineProbe({
  name: "mail.receive",
  summary: "Finds a message in an IMAP mailbox, or waits for it, and reports the delivery path recorded in its header.",
  needs: ["tcp", "tls", "clock"],
  target: { host: "host", port: "port" },
  ...newest,
  checkInput,
  usualTimeoutMs,
  run: (input, ctx) => receiveMail(ctx, input),
});

/** The wait, and time enough to open the mailbox before and to clean up behind it. */
export function usualTimeoutMs(input: Input): number {
  return patienceMs(input) + input.duplicate_wait_ms + 2 * commandTimeoutMs(input);
}
