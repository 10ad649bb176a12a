/** A figure over several rounds. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** Of how many rounds. */
  readonly runs: number;
}

/** Of no rounds nothing can be said: that is a bug of the bench. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = ascending(values);
  return { median: middle(sorted), min: sorted[0] as number, max: sorted.at(-1) as number, runs: sorted.length };
}

/** Ours divided by the peer's, round by round: what slowed both down in one round cancels out. */
export function ratios(ours: readonly number[], peers: readonly number[]): Spread {
  if (ours.length !== peers.length) throw new Error(`${ours.length} rounds of ours against ${peers.length} of the peer`);
  return spreadOf(ours.map((value, round) => value / (peers[round] as number)));
}

/** The smallest value that at least this share of all values does not exceed (the nearest-rank method). */
export function percentile(values: readonly number[], share: number): number {
  const sorted = ascending(values);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] as number;
}

function ascending(values: readonly number[]): number[] {
  if (values.length === 0) throw new Error("nothing was measured");
  return [...values].sort((a, b) => a - b);
}

function middle(sorted: readonly number[]): number {
  const half = Math.floor(sorted.length / 2);
  const upper = sorted[half] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] as number) + upper) / 2;
}

/** How wide the middle half of each group is; the mean of all groups with values. */
export function meanSpread(groups: readonly (readonly number[])[]): number {
  const spreads = groups.filter(({ length }) => length > 0).map((values) => percentile(values, 0.75) - percentile(values, 0.25));
  return spreads.reduce((sum, spread) => sum + spread, 0) / Math.max(1, spreads.length);
}
