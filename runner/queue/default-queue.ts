/** Where a queue is when nobody says. */
export const DEFAULT_QUEUE = "sqlite:.probe-run/queue.db";
