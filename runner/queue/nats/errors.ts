import { QueueError } from "../queue-error.js";

/** The error codes of JetStream (err_code) that are handled. */
export const API_CODE = {
  noStream: 10059,
  wrongLastSequence: 10071,
} as const;

/** Deleting a message that does not exist: its sequence is below or above those of the stream. */
export const GONE_CODES: readonly (number | null)[] = [10043, 10057];

/** No storage left in the account, the server or the stream. */
const FULL_CODES: readonly number[] = [10002, 10023, 10028, 10047, 10077];
/** The server is starting, or has no leader at the moment. */
const NOT_NOW_CODES: readonly number[] = [10008, 10009, 10076, 10039];
const NOT_NOW_NAMES: readonly string[] = ["TimeoutError", "NoRespondersError", "RequestError", "ConnectionError"];

export function apiCodeOf(error: unknown): number | null {
  const { code } = error as { code?: unknown };
  return typeof code === "number" ? code : null;
}

/** Whether a repeated request may succeed: the client reconnects in the meantime. */
export function isNotNow(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof QueueError) return false;
  return NOT_NOW_NAMES.includes(error.name) || NOT_NOW_CODES.includes(apiCodeOf(error) ?? 0) || /no responders|503/.test(error.message);
}

export function asQueueError(error: unknown, address: string): unknown {
  if (!(error instanceof Error) || error instanceof QueueError) return error;
  const { message } = error;
  const full = FULL_CODES.includes(apiCodeOf(error) ?? 0) || /no space left/.test(message);
  if (full) return new QueueError("full", `${address} has no space left: ${message}. Increase its limit, or purge finished messages`, { cause: error });
  if (/clos|drain/i.test(error.name)) return new QueueError("closed", `the connection to ${address} was closed`, { cause: error });
  if (isNotNow(error))
    return new QueueError("unreachable", `${address} does not answer: ${message}. Is it running, with JetStream on (nats-server -js)?`, { cause: error });
  if (/max_payload/i.test(message)) return new QueueError("refused", `the message is too large for ${address}: raise its max_payload`, { cause: error });
  if (/permission/i.test(message)) return new QueueError("refused", `${address} denied permission: ${message}`, { cause: error });
  return new QueueError("failed", `${address} failed: ${message}`, { cause: error });
}
