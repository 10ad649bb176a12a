import { DEFAULT_QUEUE } from "../queue/backend-options.js";

/** Shared by all commands on a queue. */
export const queueOption = {
  value: "URL",
  optional: true,
  looksLike: /^[a-z][a-z+.-]*:/,
  description: `The queue. By default $PROBE_RUN_QUEUE, else ${DEFAULT_QUEUE}.`,
} as const;
