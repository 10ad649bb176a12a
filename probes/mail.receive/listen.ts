import { setTimeout as sleep } from "node:timers/promises";
import { FailureError } from "../../runner/failure-error.js";
import { noop } from "../../runner/net/imap/commands.js";
import { idle, isNewMail } from "../../runner/net/imap/idle.js";
import type { Visit } from "./visit.js";

/** A server that ends an IDLE as soon as it begins is not asked again and again. */
const PAUSE_MS = 250;

/** Waits in the open folder until the server tells of something new, so long at most. Nothing is missed that it has told already. */
export async function listen(visit: Visit, milliseconds: number): Promise<void> {
  if (visit.told.length > 0) return;
  if (visit.canIdle) await listenByIdle(visit, milliseconds);
  else {
    await pause(visit, milliseconds);
    await noop(visit.session);
  }
}

async function listenByIdle(visit: Visit, milliseconds: number): Promise<void> {
  try {
    const { reason } = await idle(visit.session, { until: isNewMail, timeoutMs: milliseconds });
    if (reason === "ended") await pause(visit, Math.min(milliseconds, PAUSE_MS));
  } catch (error) {
    // It said that it can, and will not.
    if (!(error instanceof FailureError) || error.failure.code !== "reply_rejected") throw error;
    visit.canIdle = false;
  }
}

export function pause({ ctx, hooks }: Visit, milliseconds: number): Promise<void> {
  const signal = hooks.stop === undefined ? ctx.signal : AbortSignal.any([ctx.signal, hooks.stop]);
  return sleep(milliseconds, undefined, { signal });
}
