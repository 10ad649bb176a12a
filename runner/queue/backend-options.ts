/** The queue that is used if none is given. */
export const DEFAULT_QUEUE = "sqlite:.probe-run/queue.db";

export interface BackendOptions {
  /** How long the ids of finished messages are kept for de-duplication. */
  readonly retentionMs: number;
  /** False: a missing queue is an error. For commands that only read. */
  readonly mayCreate: boolean;
}

/** One day: longer than any producer retries. */
export const BACKEND_DEFAULTS: BackendOptions = { retentionMs: 86_400_000, mayCreate: true };
