import { DEFAULT_QUEUE } from "../queue/default-queue.js";

/** Shared by every command on a queue. */
export const queueOption = {
  value: "URL",
  optional: true,
  looksLike: /^[a-z][a-z+.-]*:/,
  description: `The queue. Without it, or without a URL: $PROBE_RUN_QUEUE, else ${DEFAULT_QUEUE}.`,
} as const;
