import { defineProbe } from "../../runner/define-probe.js";
import { usualTimeoutMs as receivingMs } from "../mail.receive/probe.js";
import { newLetter } from "../mail.send/letter.js";
import { usualTimeoutMs as sendingMs } from "../mail.send/schedule.js";
import { conclude } from "./conclude.js";
import { type Ctx, nothingYet, type RoundtripEvidence } from "./evidence.js";
import { judge } from "./judge.js";
import { type Conversations, loop } from "./loop.js";
import { receiveInput } from "./receive-input.js";
import { A_WEEK_MS, type Input, newest } from "./schema.js";

export default defineProbe({
  name: "mail.roundtrip",
  summary: "Sends a message and waits for it in its mailbox: how long it took, by which way, and what the receiving side made of it.",
  needs: ["tcp", "tls", "clock", "memory"],
  ...newest,
  usualTimeoutMs,
  run,
});

async function run(input: Input, ctx: Ctx): Promise<RoundtripEvidence> {
  const letter = newLetter(input.send);
  const evidence = nothingYet(input, letter);
  const conversations: Conversations = { send: ctx.part("send"), imap: ctx.part("imap") };
  conclude(evidence, await loop(conversations, input, letter), conversations, input);
  judge(input, evidence);
  return evidence;
}

/** All attempts, the wait after the last of them, and time enough to open the mailbox before and to clean up behind it. */
function usualTimeoutMs(input: Input): number {
  return Math.min(A_WEEK_MS, sendingMs(input.send) + receivingMs(receiveInput(input, { token: "", message_id: "" })));
}
