import { nothingYet, type SendEvidence } from "../mail.send/evidence.js";
import { judge } from "../mail.send/judge.js";
import type { Input as SendInput } from "../mail.send/schema.js";
import { type Start, send } from "../mail.send/send.js";
import type { Ctx } from "./evidence.js";

/** Sends as mail.send does, a letter whose marks are known before. */
export async function sendMessage(ctx: Ctx, input: SendInput, start: Start): Promise<SendEvidence> {
  const evidence = nothingYet(input, start.letter, start.kept);
  evidence.failure = await ctx.attempt(() => send(input, ctx, evidence, start));
  judge(input, evidence, start.progress);
  return evidence;
}
