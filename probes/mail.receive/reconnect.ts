import { round } from "../../runner/run/clock.js";
import { FailureError } from "../../runner/run/failure-error.js";
import { pause } from "./idle-or-poll.js";
import { LIMITS } from "./limits.js";
import { isStopped, type MailboxState, type Reconnecting } from "./mailbox-state.js";
import { openMailbox } from "./open-mailbox.js";

export function noReconnects(now: number): Reconnecting {
  return { pauseMs: LIMITS.reconnect.firstMs, attempts: 0, openSince: now };
}

/**
 * Opens the mailbox again if its connection was lost. False if something else broke, or if there are no time and no attempts left for
 * another one. A permanent failure of the new connection is thrown.
 */
export async function reconnect(visit: MailboxState, error: unknown, until: () => number): Promise<boolean> {
  const { ctx, evidence, reconnecting } = visit;
  const lostAt = ctx.clock.now();
  if (!isLoss(visit, error) || lostAt >= until()) return false;
  if (lostAt - reconnecting.openSince >= LIMITS.reconnect.steadyMs) reconnecting.pauseMs = LIMITS.reconnect.firstMs;
  const { began } = ctx.run.recorder;
  const entry: (typeof evidence.reconnects)[number] = { at_ms: round(lostAt - began), reason: error.failure.message, duration_ms: null };
  evidence.reconnects.push(entry);
  visit.session.close();
  while (await waitForAttempt(visit, until)) {
    try {
      const { session, folders } = await openMailbox(ctx, visit.input, evidence);
      if (isStopped(visit.hooks)) {
        session.close();
        return false;
      }
      Object.assign(visit, { session, folders, open: null, announced: [] });
      evidence.folders = folders.map((folder) => folder.evidence);
      reconnecting.openSince = ctx.clock.now();
      entry.duration_ms = round(reconnecting.openSince - lostAt);
      return true;
    } catch (again) {
      if (!isLoss(visit, again)) throw again;
    }
  }
  return false;
}

/** False if no further attempt is to be made. One that would come too late is made shortly before the end instead. */
async function waitForAttempt(visit: MailboxState, until: () => number): Promise<boolean> {
  const { ctx, reconnecting } = visit;
  const { firstMs, mostMs, attempts } = LIMITS.reconnect;
  const leftMs = until() - ctx.clock.now();
  const waitMs = reconnecting.pauseMs < leftMs ? reconnecting.pauseMs : leftMs - firstMs;
  if (waitMs <= 0 || reconnecting.attempts >= attempts) return false;
  reconnecting.attempts += 1;
  reconnecting.pauseMs = Math.min(reconnecting.pauseMs * 2, mostMs);
  await pause(visit, waitMs);
  return true;
}

/** Repeats a step on a new connection if its own was lost and there is time. */
export async function retryAfterLoss<Result>(visit: MailboxState, until: () => number, step: () => Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      return await step();
    } catch (error) {
      if (!(await reconnect(visit, error, until))) throw error;
    }
  }
}

/** A failure that a later attempt may not meet. After the deadline or a cancellation there is no later attempt. */
function isLoss({ ctx, hooks }: MailboxState, error: unknown): error is FailureError {
  const isEnded = ctx.run.deadline.reason !== null || isStopped(hooks);
  return error instanceof FailureError && error.failure.retryable && !isEnded;
}
