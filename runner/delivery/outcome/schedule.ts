import type { DeliverySettings } from "../../../schemas/delivery.js";
import type { Random } from "../../net/dns/shuffle.js";
import type { Recipient } from "../message/recipient.js";
import type { Decision } from "./decision.js";

/** How far a delivery has come. */
export interface Progress {
  /** When its first run began, in milliseconds since 1970. */
  readonly startedAt: number;
  /** Somebody will try again what may pass. */
  readonly isQueued: boolean;
  /** This one counts, where it was one. */
  triesOf(recipient: Recipient): number;
  /** When one that this run has left alone is due, in milliseconds since 1970; null for all others. */
  dueAt(recipient: Recipient): number | null;
}

/** For a message that was never tried before. */
export function firstTry(isQueued: boolean): Progress {
  return { startedAt: Date.now(), isQueued, triesOf: () => 1, dueAt: () => null };
}

/** Waits grow apart, lest all that failed in one minute come back in one minute. */
const SPREAD = 0.2;

/** How long to wait after so many tries: what the server asks for, and no less than the schedule. What was not tried waits for its turn only. */
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
