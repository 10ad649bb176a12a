/** When a destination is paused, and how its limit of sessions grows. One table, with the reason for each number. */
export const BACKOFF = {
  /** Postfix's default_destination_concurrency: starts with 5 and is raised or lowered by one, up to 20 (qmgr(8)). */
  initialSessions: 5,
  /** As a share of a round: after as many consecutive failures as there are sessions, a site counts as dead (failed_cohort_limit). */
  failedRounds: 1,
  /** Postfix pauses a dead site for minimal_backoff_time, 300 s. We retry sooner, and then less often. */
  deadFirstMs: 30_000,
  deadMostMs: 600_000,
  /** After a 421, which says that the service is not available; doubled each time. */
  busyFirstMs: 30_000,
  busyMostMs: 900_000,
  /** How long a number of sessions that a site has called too many is not exceeded. */
  ceilingMs: 60_000,
  /** How long a destination that refused a second message on one connection gets one message per connection. */
  oneMessageMs: 3_600_000,
  /** How many turns a message takes that was rejected while other sessions of this process were open. */
  mostTurns: 3,
  /** A pause that ends this soon is waited for; for a longer one the message is postponed. */
  waitedForMs: 2000,
} as const;

/** Doubled for each consecutive pause. */
export function pauseMs(first: number, most: number, timesInARow: number): number {
  return Math.min(most, first * 2 ** Math.min(timesInARow, 30));
}
