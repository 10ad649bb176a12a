import { QueueError, type QueueErrorCode } from "../queue-error.js";

/** What Redis answers with (the first word of an error), and what it means for a queue. */
const MEANING: Readonly<Record<string, readonly [QueueErrorCode, string]>> = {
  WRONGPASS: ["refused", "the user or the password is wrong: check both in the URL, or PROBE_RUN_REDIS_PASSWORD"],
  NOAUTH: ["refused", "it wants a password: write redis://:PASSWORD@host, or set PROBE_RUN_REDIS_PASSWORD"],
  NOPERM: ["read_only", "this user may not run a command that the queue needs: allow it @all on the keys of the prefix (ACL SETUSER)"],
  // After a failover, what was the primary: passing, where the address leads to the new one.
  READONLY: ["unreachable", "it is a replica, and takes no writes: give the address of the primary"],
  OOM: ["full", "its memory is full (maxmemory): free some, or raise the limit. What was accepted before stays stored"],
  MISCONF: ["full", "it cannot write to its disk, and takes no writes until it can: look into its log. What was accepted before is in its memory only"],
  NOREPLICAS: ["busy", "too few of its replicas are there (min-replicas-to-write): start them, or try again"],
  LOADING: ["busy", "it is still loading its data: try again in a while"],
  BUSY: ["busy", "a script of somebody keeps it: end it with SCRIPT KILL, or try again"],
  CLUSTERDOWN: ["unreachable", "its cluster is down: try again when it is up"],
};

export function asQueueError(error: unknown, address: string, lastTrouble: Error | null): Error {
  if (error instanceof QueueError) return error;
  const { message, name } = error as Error;
  const known = meaningOf(message) ?? (isConnectionLoss(error as Error) && lastTrouble !== null ? meaningOf(lastTrouble.message) : null);
  if (known !== null) return new QueueError(known.code, `${address}: ${known.advice} (${known.said})`, { cause: error });
  if (isConnectionLoss(error as Error)) return unreachable(address, lastTrouble ?? (error as Error));
  if (name === "ReplyError") return new QueueError("failed", `${address} refused a command of the queue: ${message}`, { cause: error });
  return error as Error;
}

export function unreachable(address: string, trouble: Error): QueueError {
  const why = trouble.message === "" ? String((trouble as NodeJS.ErrnoException).code ?? trouble.name) : trouble.message;
  return new QueueError("unreachable", `no connection to ${address}: ${why}. Check that Redis runs there, and that this machine can reach it`, {
    cause: trouble,
  });
}

/** No time changes what it says. */
export function isRefusal({ message }: Error): boolean {
  return meaningOf(message)?.code === "refused";
}

function meaningOf(message: string): { code: QueueErrorCode; advice: string; said: string } | null {
  // An error inside of a script is told after "ERR Error running script".
  const word = Object.keys(MEANING).find((each) => message.startsWith(`${each} `) || message.includes(`-${each} `) || message.includes(`: ${each} `));
  if (word === undefined) return null;
  const [code, advice] = MEANING[word] as readonly [QueueErrorCode, string];
  return { code, advice, said: message.split("\n")[0] ?? "" };
}

function isConnectionLoss({ name, message }: Error): boolean {
  return name === "MaxRetriesPerRequestError" || name === "AbortError" || /connection is closed|ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EHOSTUNREACH/i.test(message);
}
