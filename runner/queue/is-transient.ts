import { QueueError, type QueueErrorCode } from "./queue-error.js";

/** Troubles that may be over in a while: a disk is cleared, a broker comes back. */
const PASSING: readonly QueueErrorCode[] = ["busy", "full", "unreachable", "failed"];

export function isPassing(error: unknown): boolean {
  return error instanceof QueueError && PASSING.includes(error.code);
}
