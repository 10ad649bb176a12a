import type { DeliverySettings } from "../../schemas/delivery.js";
import type { Random } from "../net/dns/shuffle.js";
import type { Decision } from "./decision.js";

/** How far a job has come. */
export interface Progress {
  /** When its first run began, in milliseconds since 1970. */
  readonly startedAt: number;
  /** Somebody will try again: a queue. */
  readonly mayComeAgain: boolean;
}

/** Waits grow apart, lest all that failed in one minute come back in one minute. */
const SPREAD = 0.2;

/** How long to wait after so many tries: what the server asks for, and no less than the schedule. */
export function waitMs({ retryAfterMs }: Decision, tries: number, { first_ms: first, most_ms: most }: DeliverySettings["retry"], random: Random): number {
  const doubled = Math.min(most, first * 2 ** Math.min(tries - 1, 40));
  const spread = doubled * (1 + SPREAD * (2 * random() - 1));
  return Math.ceil(Math.max(spread, retryAfterMs ?? 0));
}
