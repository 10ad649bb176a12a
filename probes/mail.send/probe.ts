import { defineProbe } from "../../runner/harness/define-probe.js";
import { checkInput } from "./check-input.js";
import { type Ctx, nothingYet, type SendEvidence } from "./evidence.js";
import { keptOf, progressOf } from "./job-state.js";
import { judge } from "./judge.js";
import { newLetter, sealed } from "./message-identity.js";
import { usualTimeoutMs } from "./schedule.js";
import { type Input, newest } from "./schema.js";
import { send } from "./send.js";

export default defineProbe({
  name: "mail.send",
  summary: "Hands a real message to a mail server, patiently where it is told to come back, and says what became of it.",
  needs: ["tcp", "tls", "clock", "memory"],
  target: { host: "host", port: "port" },
  ...newest,
  checkInput,
  usualTimeoutMs,
  run,
});

/** An earlier run of the same job may have had to stop: then this one goes on there. */
async function run(input: Input, ctx: Ctx): Promise<SendEvidence> {
  const kept = keptOf(ctx.memory.kept);
  const letter = kept === null ? newLetter(input) : sealed(input, kept.seal);
  const evidence = nothingYet(input, letter, kept);
  const progress = progressOf(kept);
  evidence.failure = await ctx.attempt(() => send(input, ctx, evidence, { letter, kept, memory: ctx.memory, progress }));
  judge(input, evidence, progress);
  return evidence;
}
