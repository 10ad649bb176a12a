import { QueueError, type QueueErrorCode } from "./queue-error.js";

/** Errors that may pass: disk space is freed, a broker comes back. */
const TRANSIENT: readonly QueueErrorCode[] = ["busy", "full", "unreachable", "failed"];

export function isTransient(error: unknown): boolean {
  return error instanceof QueueError && TRANSIENT.includes(error.code);
}

/** The same message would be refused again, for example because it is too large. */
export function isRefused(error: unknown): error is QueueError {
  return error instanceof QueueError && error.code === "refused";
}
