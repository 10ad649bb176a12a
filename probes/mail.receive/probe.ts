import type { Context } from "../../runner/harness/context.js";
import { defineProbe } from "../../runner/harness/define-probe.js";
import { finding } from "../../runner/run/judge.js";
import { dnsInput } from "../../schemas/dns.js";
import type { Verification } from "../../schemas/mail-verification.js";
import { checkInput } from "./check-input.js";
import type { Ctx, ReceiveEvidence } from "./evidence.js";
import { commandTimeoutMs } from "./open-mailbox.js";
import { maxWaitMs, receiveMail } from "./receive.js";
import { type Input, newest } from "./schema.js";

export default defineProbe({
  name: "mail.receive",
  summary: "Finds a message in an IMAP mailbox, or waits for it, and reports the delivery path recorded in its header.",
  needs: ["tcp", "tls", "clock", "resolver"],
  target: { host: "host", port: "port" },
  replay: "lines",
  ...newest,
  checkInput,
  usualTimeoutMs,
  run,
});

function run(input: Input, ctx: Ctx & Context<"resolver">): Promise<ReceiveEvidence> {
  return receiveMail(ctx, input, input.verify ? { verify: (message) => verify(message, input, ctx.part("verify")) } : {});
}

/** As mail.verify would, of a message that is a file. A failure of it leaves the message found. */
async function verify(message: Buffer, { trusted_hosts, authserv_ids, resolver }: Input, ctx: Context<"resolver">): Promise<Verification> {
  const { verifyMessage } = await import("../mail.verify/verify-message.js");
  const receipt = { trusted_hosts, authserv_ids, ...DNS_DEFAULTS, ...(resolver === undefined ? {} : { resolver }) };
  const { status: _, failure, ...verification } = await verifyMessage(message, receipt, ctx);
  if (failure !== null) verification.findings.push(finding("warning", "not_verified", `the message was not verified: ${failure.message}`));
  return verification;
}

const DNS_DEFAULTS = {
  query_timeout_ms: dnsInput.query_timeout_ms.default,
  lookup_timeout_ms: dnsInput.lookup_timeout_ms.default,
  cache: dnsInput.cache.default,
} as const;

/** The wait, plus time to open the mailbox before it and to clean up after it. */
export function usualTimeoutMs(input: Input): number {
  return maxWaitMs(input) + input.duplicate_wait_ms + 2 * commandTimeoutMs(input);
}
