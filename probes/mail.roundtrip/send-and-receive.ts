import type { ReceiveEvidence } from "../mail.receive/evidence.js";
import { receiveMail } from "../mail.receive/receive.js";
import { emptyEvidence, type SendEvidence } from "../mail.send/evidence.js";
import { judge } from "../mail.send/judge.js";
import type { Input as SendInput } from "../mail.send/schema.js";
import { type Start, send } from "../mail.send/send.js";
import type { Ctx } from "./evidence.js";
import { receiveInput } from "./receive-input.js";
import type { Input } from "./schema.js";

/** The results of both conversations, and their times on the monotonic clock. */
export interface SentAndReceived {
  /** Null: nothing was sent, because its arrival could not have been observed. */
  readonly sent: SendEvidence | null;
  readonly received: ReceiveEvidence;
  /** The number of the last attempt that an earlier run of the same job has made. */
  readonly earlierAttempts: number;
  /** The first attempt of this run to send began. */
  readonly beganAt: number | null;
  readonly seenAt: number | null;
}

/** The two conversations of a run, each with its own name and its own address. */
export interface Conversations {
  readonly send: Ctx;
  readonly imap: Ctx;
}

/**
 * Opens the mailbox, sends, and waits for the message. The mailbox comes first, so that the arrival time is the server's announcement, and nothing is
 * sent whose arrival could not be observed.
 */
export async function sendAndReceive({ send: sending, imap }: Conversations, input: Input, start: Start): Promise<SentAndReceived> {
  const listening = signal();
  const stop = new AbortController();
  const wake = new AbortController();
  let giveUpAt = Number.POSITIVE_INFINITY;
  let seenAt: number | null = null;
  const receiving = receiveMail(imap, receiveInput(input, start.outgoing), {
    listening: listening.give,
    found: (at) => {
      seenAt = at;
    },
    giveUpAt: () => giveUpAt,
    stop: stop.signal,
    wake: wake.signal,
  });
  const early = await Promise.race([receiving, listening.given]);
  const earlierAttempts = start.saved?.attempts.at(-1)?.number ?? 0;
  if (early !== undefined) return { sent: null, received: early, earlierAttempts, beganAt: null, seenAt };
  const beganAt = sending.clock.now();
  const sent = await sendMessage(sending, input.send, start);
  giveUpAt = sending.clock.now() + input.wait_ms;
  if (mayArrive(sent)) wake.abort();
  else stop.abort();
  return { sent, received: await receiving, earlierAttempts, beganAt, seenAt };
}

/** Also if it is unknown whether the server accepted it: the wait finds that out. */
export function mayArrive({ delivery }: Pick<SendEvidence, "delivery">): boolean {
  return delivery !== "refused" && delivery !== "not_sent";
}

function signal(): { give: () => void; given: Promise<void> } {
  let give = (): void => {};
  const given = new Promise<void>((resolve) => {
    give = resolve;
  });
  return { give: () => give(), given };
}

/** Sends as mail.send does, a message whose token is known before. */
async function sendMessage(ctx: Ctx, input: SendInput, start: Start): Promise<SendEvidence> {
  const evidence = emptyEvidence(input, start.outgoing, start.saved);
  evidence.failure = await ctx.attempt(() => send(input, ctx, evidence, start));
  judge(input, evidence, start.progress);
  return evidence;
}
