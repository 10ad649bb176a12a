/** What is due this soon after the first waits for nothing, and the job continues once for all of it. */
const TOGETHER_MS = 60_000;

/** When those that are due first, or soon after, are all due, in milliseconds since 1970: none is tried before its time. In the past if there is none. */
export function dueTogether(dueAt: readonly number[]): number {
  if (dueAt.length === 0) return 0;
  const first = Math.min(...dueAt);
  return dueAt.reduce((latest, each) => (each <= first + TOGETHER_MS ? Math.max(latest, each) : latest), first);
}

/** The time by which a job that continues judges what is due. By another machine's clock it may seem too early, but the job is here because it is due. */
export function timeOfJob(dueAt: number): number {
  return Math.max(dueAt, Date.now());
}
