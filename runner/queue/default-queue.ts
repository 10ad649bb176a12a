/** The queue that is used if none is given. */
export const DEFAULT_QUEUE = "sqlite:.probe-run/queue.db";
