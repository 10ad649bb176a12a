/** How long a site that does not do well is left alone, and how it earns more at once. One table, with where each number comes from. */
export const PATIENCE = {
  /** Postfix's default_destination_concurrency_… : begins with 5 and goes up and down by one, to 20 (its qmgr(8)). */
  initialSessions: 5,
  /** A share of a round: so many failures as there are sessions, one after the other, and the site is dead (failed_cohort_limit). */
  failedRounds: 1,
  /** Postfix leaves a dead site alone for minimal_backoff_time, 300 s. We look sooner, and then less often. */
  deadFirstMs: 30_000,
  deadMostMs: 600_000,
  /** After a 421, which says that the service is not available: doubled each time it is said again. */
  busyFirstMs: 30_000,
  busyMostMs: 900_000,
  /** A site that has said how many sessions are too many is not asked for more before so much time has passed. */
  ceilingMs: 60_000,
  /** So often a message that was turned away, while others of ours were in, waits for its turn again. */
  mostTurns: 3,
  /** A pause that is over so soon is waited for; a longer one is told, and the message comes back later. */
  waitedForMs: 2000,
} as const;

/** Doubled for each time in a row. */
export function pauseMs(first: number, most: number, timesInARow: number): number {
  return Math.min(most, first * 2 ** Math.min(timesInARow, 30));
}
