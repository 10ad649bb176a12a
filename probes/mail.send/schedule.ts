import type { Input } from "./schema.js";

type Schedule = Pick<Input, "retries" | "retry_delay" | "retry_schedule" | "retry_delay_max" | "retry_until">;

/** What has happened so far. */
export interface Progress {
  /** Attempts that were made. */
  attempts: number;
  /** Since the first of them began. */
  elapsedMs: number;
}

/** How long to wait before the next attempt; null when there is none. `random` gives from 0 to 1. */
export function nextWaitMs(schedule: Schedule, { attempts, elapsedMs }: Progress, random: () => number): number | null {
  if (schedule.retry_schedule === "until") {
    const leftMs = schedule.retry_until * 1000 - elapsedMs;
    // The last attempt is made at the limit itself, for servers that greylist exactly that long.
    return leftMs <= 0 ? null : Math.min(Math.max(growing(schedule, attempts, random), LEAST_WAIT_MS), leftMs);
  }
  if (attempts > schedule.retries) return null;
  return schedule.retry_schedule === "fixed" ? schedule.retry_delay * 1000 : growing(schedule, attempts, random);
}

/** Without it a retry_delay of 0 would ask a server that says no as fast as it answers. */
const LEAST_WAIT_MS = 1000;

/** Twice as long each time, less up to a half: many that began together do not come back together. */
function growing(schedule: Schedule, attempts: number, random: () => number): number {
  return longestWait(schedule, attempts) * (1 - random() / 2);
}

function longestWait({ retry_delay: delay, retry_delay_max: most }: Schedule, attempts: number): number {
  return Math.min(delay * 2 ** (attempts - 1), Math.max(most, delay)) * 1000;
}

/** The run's deadline where none is given: every attempt and every wait can last as long as the input lets them. */
export function usualTimeoutMs(input: Input): number {
  const operationMs = Math.max(input.connect_timeout_ms ?? 0, input.command_timeout_ms ?? 0, input.timeout * 1000);
  const attemptMs = OPERATIONS * operationMs + input.recipients.length * operationMs;
  return Math.min(MAX_MS, Math.ceil(allWaitsMs(input, attemptMs) + attemptMs));
}

/** Connect, greeting, EHLO, STARTTLS, TLS, EHLO, three of AUTH, MAIL, RCPT, DATA, the message, RSET and QUIT. */
const OPERATIONS = 15;

/** Timers reach no further. */
const MAX_MS = 2 ** 31 - 1;

function allWaitsMs(input: Input, attemptMs: number): number {
  if (input.retry_schedule === "until") return input.retry_until * 1000;
  let waitsMs = 0;
  for (let attempts = 1; attempts <= input.retries; attempts++) {
    waitsMs += attemptMs + (input.retry_schedule === "fixed" ? input.retry_delay * 1000 : longestWait(input, attempts));
  }
  return waitsMs;
}
