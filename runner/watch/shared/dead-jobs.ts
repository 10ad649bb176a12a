import { setTimeout as sleep } from "node:timers/promises";
import type { Queue } from "../../queue/queue.js";
import type { CollectorOptions } from "./collector.js";
import { encode } from "./entries.js";
import { slotOfJob } from "./slot-jobs.js";

const EVERY_MS = 5000;
const MOST = 1000;

/** Jobs that no worker could run are reports, too: they say why nothing is known. They do not stay in the queue. */
export async function collectDead(location: string, queue: Queue, { log, signal, checks }: CollectorOptions): Promise<void> {
  while (!signal.aborted) {
    const dead = await queue.jobs.deadLetters(MOST);
    const entries = dead.flatMap(({ id, failure }) => {
      const slot = slotOfJob(id);
      if (slot === null || !checks.has(slot.key)) return [];
      const report = { location, outcome: "unknown", durationMs: null, reason: failure.message, output: null, certificates: [], run: null } as const;
      return [encode({ kind: "report", ...slot, ...report })];
    });
    if (entries.length > 0) await log.append(entries);
    if (dead.length > 0) await queue.jobs.purge("dead");
    await sleep(EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}
