import { accept } from "../../harness/accept.js";
import { type DefinedProbe, loadDefinition } from "../../harness/registry.js";
import { candidates, parseAsked } from "../../harness/version.js";
import type { Message } from "../../queue/backend.js";
import { jobMessage } from "../../queue/job.js";
import { RequestError } from "../../support/request-error.js";
import { slotLength } from "../schedule/schedule.js";
import type { Moment } from "../state.js";
import type { WatchedCheck, WatchPlan } from "../watch-plan.js";
import type { Slot } from "./entries.js";

const USUAL_DEADLINE_MS = 10_000;
const JOB_ID = /^watch:([0-9a-f]{16}):(\d{1,15})(?::(\d{1,15}-\d{1,15}))?$/;

/** Makes the jobs of a check's slots. */
export interface SlotJobs {
  /** How long a run may take. */
  readonly deadlineMs: number;
  /** The same for every watch: a queue stores it once. A worker drops it when the slot is over. */
  jobFor(slot: Moment): Message;
}

/** The check and the slot of a job; null for one of something else. */
export function slotOfJob(id: string): Slot | null {
  const [, key, at, epoch] = JOB_ID.exec(id) ?? [];
  if (key === undefined) return null;
  return { key, at: Number(at), ...(epoch === undefined ? {} : { epoch }) };
}

/** Rejects with a RequestError for what cannot be a job. */
export async function slotJobsOf({ suite, checks }: WatchPlan): Promise<ReadonlyMap<string, SlotJobs>> {
  const jobs = new Map<string, SlotJobs>();
  for (const check of checks) jobs.set(check.key, await jobsOf(check, suite));
  return jobs;
}

async function jobsOf({ key, name, planned, schedule }: WatchedCheck, suite: string): Promise<SlotJobs> {
  const { probe } = planned.check;
  if (/^[./]/.test(probe))
    throw unusable(suite, `${name}: a job names its probe and cannot load a file`, "publish the probe as a package, or watch without --queue");
  const asked = parseAsked(probe);
  const loaded = await loadDefinition(asked.name);
  const input = inputOf(loaded, planned);
  const { version, filled } = accept(loaded, asked, input);
  const output = loaded.probe.versions[version]?.output.schema as { properties?: Record<string, unknown> } | undefined;
  if (output?.properties?.status === undefined)
    throw unusable(suite, `${name}: results of ${asked.name}@${version} have no status`, "use a newer version of the probe");
  const jobFor = ({ at, epoch }: Moment): Message => {
    const id = `watch:${key}:${at}${epoch === undefined ? "" : `:${epoch}`}`;
    return jobMessage(loaded, asked, input, { id, notAfter: at + slotLength(at, schedule), maxAttempts: 2 });
  };
  // What is wrong with the input, or a secret in it, is an error of the start.
  jobFor({ at: 0 });
  return { deadlineMs: (filled as { timeout_ms?: number }).timeout_ms ?? USUAL_DEADLINE_MS, jobFor };
}

function inputOf({ probe, versions }: DefinedProbe, { check, input, timeoutMs }: WatchedCheck["planned"]): unknown {
  const version = candidates(parseAsked(check.probe), versions)[0] as string;
  const schema = probe.versions[version]?.input.schema as { properties?: Record<string, unknown> } | undefined;
  return timeoutMs === null || schema?.properties?.timeout_ms === undefined ? input : { ...(input as object), timeout_ms: timeoutMs };
}

function unusable(suite: string, message: string, hint: string): RequestError {
  return new RequestError(`${suite} cannot be watched with a queue`, "usage", [{ pointer: "", message, hint }]);
}
