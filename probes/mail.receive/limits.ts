/** How much of a mailbox is looked at in one run. */
export const LIMITS = {
  /** Messages whose headers are read after a search, the newest ones. */
  candidates: 100,
  /** Messages that are shown, the newest ones. */
  messages: 20,
  /** Messages that are verified, the newest ones, and how large each may be. */
  verified: 5,
  verifiedBytes: 16 * 1024 * 1024,
  /** For each header: a longer one is cut, and marked as cut. */
  headerBytes: 64 * 1024,
  /** How many of the newest messages are looked at once more, when a search found nothing: some servers' index is late. */
  lateIndex: 10,
  /**
   * Before a lost connection is made again: twice as long each time. A connection that lasted for `steadyMs` starts it over; one that is
   * lost soon after each login would otherwise be made again several times a second.
   */
  reconnect: { firstMs: 250, mostMs: 30_000, steadyMs: 60_000, attempts: 60 },
  /** A day, and what the time zones of servers may add: SINCE knows days only. */
  sinceSlackMs: 36 * 3_600_000,
} as const;
