import { QueueError, type QueueErrorCode } from "../queue-error.js";

/** The errors of Redis by their first word, and what they mean for a queue. */
const MEANING: Readonly<Record<string, readonly [QueueErrorCode, string]>> = {
  WRONGPASS: ["refused", "the user or the password is wrong: check both in the URL, or PROBE_RUN_REDIS_PASSWORD"],
  NOAUTH: ["refused", "it requires a password: write redis://:PASSWORD@host, or set PROBE_RUN_REDIS_PASSWORD"],
  NOPERM: ["read_only", "this user may not run a command that the queue needs: allow it @all on the keys of the prefix (ACL SETUSER)"],
  // A former primary after a failover: temporary if the address leads to the new one.
  READONLY: ["unreachable", "it is a read-only replica: use the address of the primary"],
  OOM: ["full", "its memory is full (maxmemory): free memory or raise the limit. Accepted messages remain stored"],
  MISCONF: ["full", "it cannot write to its disk and rejects writes: check its log. Accepted messages are in its memory only"],
  NOREPLICAS: ["busy", "too few replicas are connected (min-replicas-to-write): start them, or try again"],
  LOADING: ["busy", "it is still loading its data: try again later"],
  BUSY: ["busy", "it is busy with a script: end it with SCRIPT KILL, or try again"],
  CLUSTERDOWN: ["unreachable", "its cluster is down: try again when it is up"],
};

export function asQueueError(error: unknown, address: string, lastError: Error | null): Error {
  if (error instanceof QueueError) return error;
  const { message, name } = error as Error;
  const known = meaningOf(message) ?? (isConnectionLoss(error as Error) && lastError !== null ? meaningOf(lastError.message) : null);
  if (known !== null) return new QueueError(known.code, `${address}: ${known.advice} (${known.said})`, { cause: error });
  if (isConnectionLoss(error as Error)) return unreachable(address, lastError ?? (error as Error));
  if (name === "ReplyError") return new QueueError("failed", `${address} rejected a command of the queue: ${message}`, { cause: error });
  return error as Error;
}

export function unreachable(address: string, error: Error): QueueError {
  const why = error.message === "" ? String((error as NodeJS.ErrnoException).code ?? error.name) : error.message;
  return new QueueError("unreachable", `no connection to ${address}: ${why}. Check that Redis is running there and reachable from this machine`, {
    cause: error,
  });
}

/** An error that a retry cannot cure. */
export function isRefusal({ message }: Error): boolean {
  return meaningOf(message)?.code === "refused";
}

function meaningOf(message: string): { code: QueueErrorCode; advice: string; said: string } | null {
  // An error inside a script is reported after "ERR Error running script".
  const word = Object.keys(MEANING).find((each) => message.startsWith(`${each} `) || message.includes(`-${each} `) || message.includes(`: ${each} `));
  if (word === undefined) return null;
  const [code, advice] = MEANING[word] as readonly [QueueErrorCode, string];
  return { code, advice, said: message.split("\n")[0] ?? "" };
}

function isConnectionLoss({ name, message }: Error): boolean {
  return name === "MaxRetriesPerRequestError" || name === "AbortError" || /connection is closed|ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EHOSTUNREACH/i.test(message);
}
