import { type BackendOptions, DEFAULT_QUEUE } from "../queue/backend-options.js";
import { openBackend } from "../queue/open-backend.js";
import { Queue } from "../queue/queue.js";
import type { Io } from "./io.js";

export async function openQueueOption(written: string | null, io: Io, options: Partial<BackendOptions> = {}): Promise<Queue> {
  const url = written || io.env.PROBE_RUN_QUEUE || DEFAULT_QUEUE;
  return new Queue(await openBackend(url, options));
}
