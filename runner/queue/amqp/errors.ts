import { QueueError } from "../queue-error.js";

/** The broker's reply codes for a channel or a connection (AMQP 0-9-1, section 1.7 "Constants"). */
const REPLY = { accessRefused: 403, notFound: 404, preconditionFailed: 406 } as const;

export function asQueueError(error: unknown, shown: string): unknown {
  if (error instanceof QueueError) return error;
  const { message } = error as Error;
  // The client cannot encode part of the address, such as a virtual host of more than 255 bytes.
  if (error instanceof TypeError || error instanceof RangeError) return new QueueError("refused", `${shown} cannot be used: ${message}`, { cause: error });
  switch ((error as { code?: unknown }).code) {
    case REPLY.accessRefused:
      return new QueueError("refused", `${shown} refused access: ${message}. Check the user, the password and the permissions`, { cause: error });
    case REPLY.notFound:
      return new QueueError("not_a_queue", `${shown} has no such queue or exchange: ${message}`, { cause: error });
    case REPLY.preconditionFailed:
      return new QueueError("not_a_queue", `the queue at ${shown} has other properties: ${message}. Use another one, or set type=`, { cause: error });
  }
  // A broker that rejects a login closes the connection with this text.
  if (/ACCESS.REFUSED|403/.test(message)) return new QueueError("refused", `${shown} refused access: check the user and the password`, { cause: error });
  return new QueueError("unreachable", `no connection to ${shown}: ${message === "" ? String((error as NodeJS.ErrnoException).code) : message}`, {
    cause: error,
  });
}

/** The size in the broker's error for a message that is too large: it has a code that it shares with other errors. */
export function maxBytesIn(error: unknown): number | null {
  const { code, message = "" } = error as { code?: unknown; message?: string };
  const [, size] = (code === REPLY.preconditionFailed && /message size \d{1,16} is larger than (?:configured )?max size (\d{1,16})/.exec(message)) || [];
  return size === undefined ? null : Number(size);
}
