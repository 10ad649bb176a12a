/** What runs of this process leave open for runs that may follow. Whoever starts the runs says when none will. */
const ends = new Set<() => Promise<void>>();

export function endsWithTheLastRun(end: () => Promise<void>): void {
  ends.add(end);
}

export async function endLeftovers(): Promise<void> {
  await Promise.all([...ends].map((end) => end()));
}
