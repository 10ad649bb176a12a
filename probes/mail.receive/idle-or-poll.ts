import { setTimeout as sleep } from "node:timers/promises";
import { noop } from "../../runner/net/imap/commands.js";
import { idle, isNewMail } from "../../runner/net/imap/idle.js";
import { FailureError } from "../../runner/run/failure-error.js";
import { isStopped, type MailboxState } from "./mailbox-state.js";

/** A server that ends an IDLE as soon as it begins is not asked again and again. */
const PAUSE_MS = 250;

/** Waits in the open folder until the server announces something new, or until the time is up. Earlier announcements are not missed. */
export async function listen(visit: MailboxState, milliseconds: number): Promise<void> {
  if (visit.announced.length > 0) return;
  if (visit.canIdle) await listenByIdle(visit, milliseconds);
  else {
    await pauseUntilWoken(visit, milliseconds);
    await noop(visit.session);
  }
}

async function listenByIdle(visit: MailboxState, milliseconds: number): Promise<void> {
  try {
    const { reason } = await idle(visit.session, { until: isNewMail, timeoutMs: milliseconds, ...wakeable(visit) });
    if (reason === "ended") await pause(visit, Math.min(milliseconds, PAUSE_MS));
  } catch (error) {
    // It said that it can, and will not.
    if (!(error instanceof FailureError) || error.failure.code !== "reply_rejected") throw error;
    visit.canIdle = false;
  }
}

export function pause({ ctx, hooks }: MailboxState, milliseconds: number, woken?: AbortSignal): Promise<void> {
  const signals = [ctx.signal, hooks.stop, woken].filter((signal) => signal !== undefined);
  return sleep(milliseconds, undefined, { signal: AbortSignal.any(signals) });
}

/** A signal that has been given says nothing any more. */
function wakeable({ hooks: { wake } }: MailboxState): { wake?: AbortSignal } {
  return wake === undefined || wake.aborted ? {} : { wake };
}

async function pauseUntilWoken(visit: MailboxState, milliseconds: number): Promise<void> {
  const { wake } = wakeable(visit);
  try {
    await pause(visit, milliseconds, wake);
  } catch (error) {
    if (wake?.aborted !== true || isStopped(visit.hooks) || visit.ctx.signal.aborted) throw error;
  }
}
