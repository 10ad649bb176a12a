import { QueueError } from "../queue-error.js";

export type BullMq = typeof import("bullmq");

/** The versions that the queue was tested with. */
const PACKAGES = "bullmq@6 ioredis@6";

/** BullMQ, if it is installed. */
export async function loadBullMq(): Promise<BullMq> {
  try {
    return await import("bullmq");
  } catch (error) {
    throw missingClient(error);
  }
}

/** BullMQ loads its client, ioredis, when it connects. */
export function missingClient(error: unknown): Error {
  const { code, message } = error as NodeJS.ErrnoException;
  const isMissing = code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND" || /could not load the optional 'ioredis'/.test(message);
  if (!isMissing) return error as Error;
  return new QueueError("missing_client", `a queue on Redis needs packages that are not installed here: npm install ${PACKAGES}`, { cause: error });
}
