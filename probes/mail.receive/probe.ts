import { defineProbe } from "../../runner/harness/define-probe.js";
import { checkInput } from "./check-input.js";
import { commandTimeoutMs } from "./open-mailbox.js";
import { maxWaitMs, receiveMail } from "./receive.js";
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

/** The wait, plus time to open the mailbox before it and to clean up after it. */
export function usualTimeoutMs(input: Input): number {
  return maxWaitMs(input) + input.duplicate_wait_ms + 2 * commandTimeoutMs(input);
}
