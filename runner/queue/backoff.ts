/**
 * The delay before the next attempt: exponential, with full jitter. Only a draw from the whole range spreads a thousand jobs that failed in the same
 * moment.
 */
export function backoffMs(attempt: number, firstMs: number, mostMs: number, random: () => number = Math.random): number {
  return random() * Math.min(mostMs, firstMs * 2 ** Math.min(attempt - 1, 40));
}
