import type { BackendOptions } from "../queue/backend-options.js";
import { DEFAULT_QUEUE, openBackend } from "../queue/open-backend.js";
import { Queue } from "../queue/queue.js";
import type { Io } from "./io.js";

/** Shared by every command on a queue. */
export const queueOption = {
  value: "URL",
  optional: true,
  looksLike: /^[a-z]+:/,
  description: `The queue. Without it, or without a URL: $PROBE_RUN_QUEUE, else ${DEFAULT_QUEUE}.`,
} as const;

export async function openGiven(written: string | null, io: Io, options: Partial<BackendOptions> = {}): Promise<Queue> {
  const url = written || io.env.PROBE_RUN_QUEUE || DEFAULT_QUEUE;
  return new Queue(await openBackend(url, options));
}
