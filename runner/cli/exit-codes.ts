/** What the command line ends with. */
export const EXIT = {
  /** Ran, and the target is fine: ok or warning. */
  ok: 0,
  /** Ran, and the target failed. */
  failed: 1,
  /** The request was wrong: nothing was sent. */
  badRequest: 2,
  /** Could not run: a bug, a missing tool, a missing permission. */
  couldNotRun: 3,
} as const;
