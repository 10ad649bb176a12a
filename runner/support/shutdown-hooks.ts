import { processWide } from "./process-wide.js";

/** What runs of this process leave open for later runs. The code that starts runs calls this after the last one. */
const ends = processWide("shutdown-hooks", () => new Set<() => Promise<void>>());

export function onShutdown(end: () => Promise<void>): void {
  ends.add(end);
}

export async function runShutdownHooks(): Promise<void> {
  await Promise.all([...ends].map((end) => end()));
}
