import { defineProbe } from "../../runner/harness/define-probe.js";
import { checkInput } from "./check-input.js";
import { type Ctx, emptyEvidence, type SendEvidence } from "./evidence.js";
import { progressOf, savedStateOf } from "./job-state.js";
import { judge } from "./judge.js";
import { newMessage, restoredMessage } from "./message-identity.js";
import { usualTimeoutMs } from "./schedule.js";
import { type Input, newest } from "./schema.js";
import { send } from "./send.js";

export default defineProbe({
  name: "mail.send",
  summary: "Submits a real message to a mail server, retries temporary rejections, and reports the outcome of each recipient.",
  needs: ["tcp", "tls", "clock", "memory"],
  target: { host: "host", port: "port" },
  replay: "lines",
  ...newest,
  checkInput,
  usualTimeoutMs,
  run,
});

/** An earlier run of the same job may have been interrupted; this one continues there. */
async function run(input: Input, ctx: Ctx): Promise<SendEvidence> {
  const saved = savedStateOf(ctx.memory.state);
  const outgoing = saved === null ? newMessage(input) : restoredMessage(input, saved.seal);
  const evidence = emptyEvidence(input, outgoing, saved);
  const progress = progressOf(saved);
  evidence.failure = await ctx.attempt(() => send(input, ctx, evidence, { outgoing, saved, memory: ctx.memory, progress }));
  judge(input, evidence, progress);
  return evidence;
}
