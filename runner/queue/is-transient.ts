import { QueueError, type QueueErrorCode } from "./queue-error.js";

/** Troubles that may be over in a while: a disk is cleared, a broker comes back. */
const PASSING: readonly QueueErrorCode[] = ["busy", "full", "unreachable", "failed"];

export function isPassing(error: unknown): boolean {
  return error instanceof QueueError && PASSING.includes(error.code);
}

/** The same message would be refused again: it is too large, or not wanted. */
export function isRefused(error: unknown): error is QueueError {
  return error instanceof QueueError && error.code === "refused";
}
