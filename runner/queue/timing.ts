// How long a worker waits for more to do at once. The model of npm run simulate waits as long.

/** How long a result waits for others, so that they are stored in one batch. */
export const LINGER_MS = 4;
/** The same while a claim is expected, which stores it in its own transaction: at most as long as one gathers slots. */
export const UNTIL_CLAIM_MS = 20;

/** Which share of the slots is awaited, and for how long. A process that is saturated gets no faster by filling its slots at once. */
export const GATHER = { usual: { share: 0.25, mostMs: 2 }, saturated: { share: 0.5, mostMs: 16 } } as const;

/** More than this share of the time, the process was busy: it can do no more. */
export const SATURATED = 0.9;

/** How long a worker that is stopped lets running jobs finish: less than the 30 s after which Kubernetes kills it. */
export const GRACE_MS = 25_000;

/** How often a waiting claim checks whether another process has written to the SQLite file. One check takes a few microseconds. */
export const SQLITE_POLL_MS = 10;

/** How long what a worker settles in a SQLite file waits for the disk after the last sync, so that several transactions share one. Other processes see it already. */
export const SYNC_EVERY_MS = 20;
