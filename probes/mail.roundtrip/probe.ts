import { defineProbe } from "../../runner/harness/define-probe.js";
import type { Violation } from "../../runner/support/request-error.js";
import { checkInput as checkReceiving } from "../mail.receive/check-input.js";
import { usualTimeoutMs as receivingMs } from "../mail.receive/probe.js";
import { checkInput as checkSending } from "../mail.send/check-input.js";
import { progressOf, savedStateOf } from "../mail.send/job-state.js";
import { newMessage, restoredMessage } from "../mail.send/message-identity.js";
import { usualTimeoutMs as sendingMs } from "../mail.send/schedule.js";
import type { SendMemory } from "../mail.send/send.js";
import { conclude } from "./build-output.js";
import { type Ctx, emptyEvidence, type RoundtripEvidence } from "./evidence.js";
import { judge } from "./judge.js";
import { receiveInput } from "./receive-input.js";
import { A_WEEK_MS, type Input, newest } from "./schema.js";
import { type Conversations, sendAndReceive } from "./send-and-receive.js";

export default defineProbe({
  name: "mail.roundtrip",
  summary: "Sends a message, waits for it in its mailbox, and reports its transit time, its path and the receiver's verdicts.",
  needs: ["tcp", "tls", "clock", "memory"],
  ...newest,
  checkInput,
  usualTimeoutMs,
  run,
});

/** After the death of a worker, the job's next run sends no second message: it continues where that one was, and waits for what it sent. */
async function run(input: Input, ctx: Ctx): Promise<RoundtripEvidence> {
  const saved = savedStateOf(ctx.memory.state);
  const outgoing = saved === null ? newMessage(input.send) : restoredMessage(input.send, saved.seal);
  const evidence = emptyEvidence(input, outgoing);
  const conversations: Conversations = { send: ctx.part("send"), imap: ctx.part("imap") };
  conclude(evidence, await sendAndReceive(conversations, input, { outgoing, saved, memory: patient(ctx), progress: progressOf(saved) }), conversations, input);
  judge(input, evidence);
  return evidence;
}

/** The state is stored as by mail.send. But the run sleeps between its attempts, however long, because it must watch the mailbox in the meantime. */
function patient({ memory }: Ctx): SendMemory {
  return {
    save: (state, schema) => memory.save(state, schema),
    maxWaitMs: Number.POSITIVE_INFINITY,
    continueLater: (afterMs) => memory.continueLater(afterMs),
  };
}

function checkInput(input: Input): Violation[] {
  const below = (part: string, found: readonly Violation[]): Violation[] => found.map((each) => ({ ...each, pointer: `/${part}${each.pointer}` }));
  return [...below("send", checkSending(input.send)), ...below("receive", checkReceiving(input.receive))];
}

/** All attempts, the wait after the last one, plus time to open the mailbox before and to clean up afterwards. */
function usualTimeoutMs(input: Input): number {
  return Math.min(A_WEEK_MS, sendingMs(input.send) + receivingMs(receiveInput(input, { token: "", message_id: "" })));
}
