import { nothingYet, type SendEvidence } from "../mail.send/evidence.js";
import { judge } from "../mail.send/judge.js";
import type { Letter } from "../mail.send/letter.js";
import type { Input as SendInput } from "../mail.send/schema.js";
import { send } from "../mail.send/send.js";
import type { Ctx } from "./evidence.js";

/** Sends as mail.send does, a letter whose marks are known before. */
export async function sendLetter(ctx: Ctx, input: SendInput, letter: Letter): Promise<SendEvidence> {
  const evidence = nothingYet(input, letter, null);
  evidence.failure = await ctx.attempt(() => send(input, ctx, evidence, { letter, kept: null }));
  judge(input, evidence);
  return evidence;
}
