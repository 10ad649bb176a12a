import { processWide } from "./process-wide.js";

/** What runs of this process leave open for later runs. The caller that starts runs announces the last one. */
const ends = processWide("shutdown-hooks", () => new Set<() => Promise<void>>());

export function endsWithTheLastRun(end: () => Promise<void>): void {
  ends.add(end);
}

export async function endLeftovers(): Promise<void> {
  await Promise.all([...ends].map((end) => end()));
}
