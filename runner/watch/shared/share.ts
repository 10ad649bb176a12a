import { randomUUID } from "node:crypto";
import { atLocation, LOCATION_OPTIONS } from "../../queue/location.js";
import { openLog } from "../../queue/open-log.js";
import { openQueue, type Queue } from "../../queue/queue.js";
import type { SharedLog } from "../../queue/shared-log.js";
import { RequestError } from "../../support/request-error.js";
import type { WatchPlan } from "../watch-plan.js";
import { SharedOutbox } from "./shared-outbox.js";
import { type SlotJobs, slotJobsOf } from "./slot-jobs.js";

/** What a watch shares with others of the same suite. */
export interface Share {
  readonly log: SharedLog;
  readonly outbox: SharedOutbox;
  readonly queues: ReadonlyMap<string, Queue>;
  readonly jobs: ReadonlyMap<string, SlotJobs>;
  close(): Promise<void>;
}

/** The name of the workers' place if the suite names none. */
const NOWHERE = "";

/** Opens the queue of each location, and the log beside them. Rejects with a RequestError for a suite that cannot be watched so. */
export async function openShare(plan: WatchPlan, url: string): Promise<Share> {
  const jobs = await slotJobsOf(plan);
  const log = await openLog(url, "watch");
  const queues = new Map<string, Queue>();
  const close = async (): Promise<void> => void (await Promise.all([...[...queues.values()].map((queue) => queue.close()), log.close()]));
  try {
    const owner = await log.owner(plan.suite);
    if (owner !== plan.suite)
      throw unusable(`it belongs to the watch of ${JSON.stringify(owner)}`, "give each suite a prefix of its own: redis://HOST?prefix=NAME");
    const names = plan.locations.length === 0 ? [NOWHERE] : plan.locations;
    for (const name of names) queues.set(name, await openQueue(name === NOWHERE ? url : atLocation(url, name), LOCATION_OPTIONS));
    return { log, outbox: new SharedOutbox(log, randomUUID()), queues, jobs, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function unusable(message: string, hint: string): RequestError {
  return new RequestError("the suite cannot be watched with this queue", "usage", [{ pointer: "", message, hint }]);
}
