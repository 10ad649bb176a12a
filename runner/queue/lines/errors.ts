import { QueueError, type QueueErrorCode } from "../queue-error.js";

const FULL = "no space left. Acknowledged messages are kept; the last line may be cut off, and its message is delivered again";
const NOT_ALLOWED = "it is not writable: check its mode and owner, or use another path";

/** By the system's error code: the code of the queue error, and its text. */
const KNOWN: Readonly<Record<string, readonly [QueueErrorCode, string]>> = {
  ENOSPC: ["full", FULL],
  EDQUOT: ["full", FULL],
  EFBIG: ["full", "the file has reached its maximum size: move it"],
  EACCES: ["read_only", NOT_ALLOWED],
  EPERM: ["read_only", NOT_ALLOWED],
  EROFS: ["read_only", "its file system is read-only: use another path"],
  EISDIR: ["not_a_queue", "it is a folder: use the path of a file"],
  EPIPE: ["closed", "its reader has ended: restart it, and the results that it did not read are delivered again"],
  ERR_STREAM_DESTROYED: ["closed", "it was closed"],
  ERR_STREAM_WRITE_AFTER_END: ["closed", "it was closed"],
};

export function asQueueError(error: unknown, address: string): unknown {
  if (error instanceof QueueError) return error;
  const { code = "", message } = error as NodeJS.ErrnoException;
  const [name, what] = KNOWN[code] ?? ["failed", `writing failed: ${message}`];
  return new QueueError(name, `${address}: ${what}`, { cause: error });
}
