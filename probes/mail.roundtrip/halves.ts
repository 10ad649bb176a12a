import { type ReceiveHooks, receiveMail } from "../mail.receive/receive.js";
import type { Input as ReceiveInput, Output as ReceiveOutput } from "../mail.receive/schema.js";
import { nothingYet } from "../mail.send/evidence.js";
import { judge } from "../mail.send/judge.js";
import type { Letter } from "../mail.send/letter.js";
import type { Input as SendInput, Output as SendOutput } from "../mail.send/schema.js";
import { send } from "../mail.send/send.js";
import type { Ctx } from "./evidence.js";
import type { Input } from "./schema.js";

export type Sent = Omit<SendOutput, "ip_address" | "connected_time" | "operations" | "duration_ms">;
export type Received = Omit<ReceiveOutput, "ip_address" | "connected_time" | "operations" | "duration_ms">;

/** Sends the letter as mail.send does. */
export async function sendHalf(ctx: Ctx, input: SendInput, letter: Letter): Promise<Sent> {
  const evidence = nothingYet(input, letter, null);
  evidence.failure = await ctx.attempt(() => send(input, ctx, evidence, { letter, kept: null }));
  judge(input, evidence);
  return evidence;
}

/** Waits for the letter as mail.receive does. */
export function receiveHalf(ctx: Ctx, input: ReceiveInput, hooks: ReceiveHooks): Promise<Received> {
  return receiveMail(ctx, input, hooks);
}

/** Older mail cannot be this run's: it is searched only in case a server's clock is off. */
const MAX_AGE_MINUTES = 24 * 60;

/** What mail.receive is asked for: this one letter, for as long as the hooks say. */
export function receiveInput(
  { receive, wait_ms, duplicate_wait_ms, correlate_by: by, clean_up }: Input,
  letter: Pick<Letter, "token" | "message_id">,
): ReceiveInput {
  return {
    ...receive,
    token: letter.token,
    ...(by === "token" ? {} : { message_id: letter.message_id }),
    max_age_minutes: MAX_AGE_MINUTES,
    no_recent_message_severity: "critical",
    delete_after_check: clean_up,
    retries: 0,
    retry_delay: 0,
    wait_ms,
    duplicate_wait_ms,
  };
}
