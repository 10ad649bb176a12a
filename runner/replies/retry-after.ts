import type { RcptReason } from "../../schemas/rcpt.js";

const MINUTE_MS = 60_000;

/** How long to wait after a temporary failure. Greylisting needs 5 to 15 minutes, and a retry by the same sender and machine. */
const WAITS: Partial<Readonly<Record<RcptReason, number>>> = {
  greylisted: 15 * MINUTE_MS,
  rate_limited: 30 * MINUTE_MS,
  mailbox_busy: 30 * MINUTE_MS,
  mailbox_full: 24 * 60 * MINUTE_MS,
  client_blocked: 4 * 60 * MINUTE_MS,
  server_busy: 10 * MINUTE_MS,
  dns_failure: 5 * MINUTE_MS,
  connection_lost: 5 * MINUTE_MS,
  run_ended: MINUTE_MS,
};
const OTHERWISE_MS = 15 * MINUTE_MS;

const LEAST_MS = MINUTE_MS;
const MAX_MS = 24 * 60 * MINUTE_MS;

/** "try again in 300 seconds", "Greylisted for 5 minutes", "retry in 00:04:30". */
const STATED = /\b(?:in|for|after|wait)\s+(\d{1,5})\s*(s|sec|secs|seconds?|m|min|mins|minutes?|h|hours?)\b/i;
const STATED_BY_CLOCK = /\b(?:in|for|after)\s+(\d{1,2}):(\d{2}):(\d{2})\b/i;

/** The delay that the server asks for in words, otherwise the one that the reason is known to need. */
export function retryAfterMs(reason: RcptReason, text: string): number {
  return requestedDelayMs(text) ?? WAITS[reason] ?? OTHERWISE_MS;
}

/** The delay that the server asks for in words; null if it mentions no time. */
export function requestedDelayMs(text: string): number | null {
  const stated = statedMs(text);
  return stated === null ? null : Math.min(MAX_MS, Math.max(LEAST_MS, stated));
}

function statedMs(text: string): number | null {
  const [, hours, minutes, seconds] = STATED_BY_CLOCK.exec(text) ?? [];
  if (hours !== undefined) return (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000;
  const [, amount, unit = ""] = STATED.exec(text) ?? [];
  if (amount === undefined) return null;
  const size = unit.toLowerCase().startsWith("s") ? 1000 : unit.toLowerCase().startsWith("m") ? MINUTE_MS : 60 * MINUTE_MS;
  return Number(amount) * size;
}
