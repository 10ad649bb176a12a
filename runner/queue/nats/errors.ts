import { QueueError } from "../queue-error.js";

/** Of JetStream's errors (err_code), those that say something to us. */
export const API_CODE = {
  noStream: 10059,
  wrongLastSequence: 10071,
} as const;

/** To delete what is there no more: below, or above, what the stream has. */
export const GONE_CODES: readonly (number | null)[] = [10043, 10057];

/** Storage: the account's, the server's, the stream's. */
const FULL_CODES: readonly number[] = [10002, 10023, 10028, 10047, 10077];
/** Not ready yet, or no leader just now. */
const NOT_NOW_CODES: readonly number[] = [10008, 10009, 10076, 10039];
const NOT_NOW_NAMES: readonly string[] = ["TimeoutError", "NoRespondersError", "RequestError", "ConnectionError"];

export function apiCodeOf(error: unknown): number | null {
  const { code } = error as { code?: unknown };
  return typeof code === "number" ? code : null;
}

/** Whether asking again may help: the connection is tried anew meanwhile. */
export function isNotNow(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof QueueError) return false;
  return NOT_NOW_NAMES.includes(error.name) || NOT_NOW_CODES.includes(apiCodeOf(error) ?? 0) || /no responders|503/.test(error.message);
}

export function asQueueError(error: unknown, address: string): unknown {
  if (!(error instanceof Error) || error instanceof QueueError) return error;
  const { message } = error;
  const full = FULL_CODES.includes(apiCodeOf(error) ?? 0) || /no space left/.test(message);
  if (full) return new QueueError("full", `${address} has no space left: ${message}. Give it more, or purge what is done`, { cause: error });
  if (/clos|drain/i.test(error.name)) return new QueueError("closed", `the connection to ${address} has been closed`, { cause: error });
  if (isNotNow(error))
    return new QueueError("unreachable", `${address} does not answer: ${message}. Is it running, with JetStream on (nats-server -js)?`, { cause: error });
  if (/max_payload/i.test(message)) return new QueueError("refused", `${address} takes no message of this size: raise its max_payload`, { cause: error });
  if (/permission/i.test(message)) return new QueueError("refused", `${address} does not allow it: ${message}`, { cause: error });
  return new QueueError("failed", `${address} could not do it: ${message}`, { cause: error });
}
