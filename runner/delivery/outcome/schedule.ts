import type { DeliverySettings } from "../../../schemas/delivery-settings.js";
import type { Random } from "../../net/dns/shuffle.js";
import type { Recipient } from "../message/recipient.js";
import type { Decision } from "./decision.js";

/** The progress of a delivery over its runs. */
export interface Progress {
  /** When its first run began, in milliseconds since 1970. */
  readonly startedAt: number;
  /** A queue retries temporary failures. */
  readonly isQueued: boolean;
  /** Includes the current attempt, if it was one. */
  triesOf(recipient: Recipient): number;
  /** When a recipient that this run has not attempted is due, in milliseconds since 1970; null for all others. */
  dueAt(recipient: Recipient): number | null;
}

/** For a message that was never attempted. */
export function firstTry(isQueued: boolean): Progress {
  return { startedAt: Date.now(), isQueued, triesOf: () => 1, dueAt: () => null };
}

/** Jitter, so that retries do not synchronise. */
const SPREAD = 0.2;

/** The delay after a number of attempts: what the server asked for, but no less than the schedule. A postponed recipient only waits for its turn. */
export function waitMs(
  { retryAfterMs, isPostponed }: Decision,
  tries: number,
  { first_ms: first, most_ms: most }: DeliverySettings["retry"],
  random: Random,
): number {
  if (isPostponed) return retryAfterMs ?? 0;
  const doubled = Math.min(most, first * 2 ** Math.min(tries - 1, 40));
  const spread = doubled * (1 + SPREAD * (2 * random() - 1));
  return Math.ceil(Math.max(spread, retryAfterMs ?? 0));
}
