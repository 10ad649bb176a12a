/** The harness's own deadline when an input says nothing about it. */
const DEFAULT_DEADLINE_MS = 30_000;
/** The run's own deadline must strike first: it leaves a result with everything that was learned, a test's time-out nothing. */
const SLACK_MS = 10_000;

/** How long a test waits for a run with this deadline. */
export function testTimeoutMs(deadlineMs: number | null | undefined): number {
  return (deadlineMs ?? DEFAULT_DEADLINE_MS) + SLACK_MS;
}

/** Gives up on a probe that goes on after its deadline: that is a bug of the probe. */
export async function withTestTimeout<Result>(deadlineMs: number | null | undefined, work: () => Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const impatience = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("the probe goes on although its deadline has struck")), testTimeoutMs(deadlineMs));
  });
  try {
    return await Promise.race([work(), impatience]);
  } finally {
    clearTimeout(timer);
  }
}
