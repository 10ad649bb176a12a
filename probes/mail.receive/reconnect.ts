import { round } from "../../runner/run/clock.js";
import { FailureError } from "../../runner/run/failure-error.js";
import { pause } from "./idle-or-poll.js";
import { LIMITS } from "./limits.js";
import { isStopped, type Visit } from "./mailbox-state.js";
import { openMailbox } from "./open-mailbox.js";

/**
 * Opens the mailbox anew when its connection was lost. False when it was something else that broke, or nobody waits any longer; what
 * keeps it from being opened for good is thrown.
 */
export async function reconnect(visit: Visit, error: unknown, isOver: () => boolean): Promise<boolean> {
  const { ctx, evidence } = visit;
  if (!isLoss(visit, error) || isOver()) return false;
  const lostAt = ctx.clock.now();
  const { began } = ctx.tcp.state.recorder;
  const entry: (typeof evidence.reconnects)[number] = { at_ms: round(lostAt - began), reason: error.failure.message, duration_ms: null };
  evidence.reconnects.push(entry);
  visit.session.close();
  for (let wait: number = LIMITS.reconnectPauseMs.first; !isOver(); wait = Math.min(wait * 2, LIMITS.reconnectPauseMs.most)) {
    await pause(visit, wait);
    try {
      const { session, folders } = await openMailbox(ctx, visit.input, evidence);
      if (isStopped(visit.hooks)) {
        session.close();
        return false;
      }
      Object.assign(visit, { session, folders, open: null, told: [] });
      evidence.folders = folders.map((folder) => folder.evidence);
      entry.duration_ms = round(ctx.clock.now() - lostAt);
      return true;
    } catch (again) {
      if (!isLoss(visit, again)) throw again;
    }
  }
  return false;
}

/** Does something again, on a new connection, when its own was lost and there is time. */
export async function persevere<Result>(visit: Visit, isOver: () => boolean, step: () => Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      return await step();
    } catch (error) {
      if (!(await reconnect(visit, error, isOver))) throw error;
    }
  }
}

/** What a later attempt may not meet again. When the run's own time is up, or it was stopped, there is none. */
function isLoss({ ctx, hooks }: Visit, error: unknown): error is FailureError {
  const isEnded = ctx.tcp.state.deadline.reason !== null || isStopped(hooks);
  return error instanceof FailureError && error.failure.retryable && !isEnded;
}
