/** The harness's own deadline for an input without one. */
const DEFAULT_DEADLINE_MS = 30_000;
/** The run's own deadline must expire first: it returns a result with everything that was learned, whereas a test's timeout returns nothing. */
const SLACK_MS = 10_000;

/** The timeout of a test for a run with this deadline. */
export function testTimeoutMs(deadlineMs: number | null | undefined): number {
  return (deadlineMs ?? DEFAULT_DEADLINE_MS) + SLACK_MS;
}

/** Fails if a probe runs after its deadline, which is a bug of the probe. */
export async function withTestTimeout<Result>(deadlineMs: number | null | undefined, work: () => Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const impatience = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("the probe still runs although its deadline has expired")), testTimeoutMs(deadlineMs));
  });
  try {
    return await Promise.race([work(), impatience]);
  } finally {
    clearTimeout(timer);
  }
}
