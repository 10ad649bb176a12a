import { QueueError, type QueueErrorCode } from "../queue-error.js";

const FULL = "there is no space left. What was acknowledged is kept; the last line may be cut off, and its message comes again";
const NOT_ALLOWED = "it cannot be written: check its mode and its owner, or give another path";

/** By the system's name of the error: what to call it, and what to say. */
const KNOWN: Readonly<Record<string, readonly [QueueErrorCode, string]>> = {
  ENOSPC: ["full", FULL],
  EDQUOT: ["full", FULL],
  EFBIG: ["full", "the file has reached the largest size it may have: move it away"],
  EACCES: ["read_only", NOT_ALLOWED],
  EPERM: ["read_only", NOT_ALLOWED],
  EROFS: ["read_only", "its file system can only be read: give another path"],
  EISDIR: ["not_a_queue", "it is a folder: give the path of a file"],
  EPIPE: ["closed", "whoever read it has gone: start the reader again, and the results that it did not take come again"],
  ERR_STREAM_DESTROYED: ["closed", "it has been closed"],
  ERR_STREAM_WRITE_AFTER_END: ["closed", "it has been closed"],
};

export function asQueueError(error: unknown, address: string): unknown {
  if (error instanceof QueueError) return error;
  const { code = "", message } = error as NodeJS.ErrnoException;
  const [name, what] = KNOWN[code] ?? ["failed", `it could not be written: ${message}`];
  return new QueueError(name, `${address}: ${what}`, { cause: error });
}
