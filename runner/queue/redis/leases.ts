import type { Job } from "bullmq";
import type { LeasedMessage, Outcome, Settlement } from "../backend.js";
import { contentOf, messageIdOf } from "./job-data.js";
import type { FetchedJob } from "./job-fetcher.js";
import type { EndingJob, Start, StartingJob } from "./job-state.js";

/** A BullMQ job that this process holds under a lock with this token. */
export interface Lease extends LeasedMessage {
  readonly job: Job;
  readonly jobId: string;
  readonly token: string;
  readonly leaseMs: number;
}

/** BullMQ's error codes for a job that is no longer active under our lock. */
const NOT_OURS: readonly unknown[] = [-2, -3, -6];
const GONE = -1;

export function startingJobOf({ job }: FetchedJob): StartingJob {
  const { key, weight } = contentOf(job.data);
  const priority = Number.isFinite(job.priority) ? job.priority : 0;
  return { jobId: job.id as string, key, weight, priority, isFirst: job.attemptsStarted === 1 };
}

export function leaseOf({ job, token }: FetchedJob, { attempt, failure, state, part }: Start & { kind: "run" }, leaseMs: number): Lease {
  const { body, key } = contentOf(job.data);
  const jobId = job.id as string;
  return { id: messageIdOf(jobId), body, key, attempt, lastFailure: failure, savedState: state, part, job, jobId, token, leaseMs };
}

export function endingJobOf({ message, outcome }: Settlement): EndingJob {
  const { jobId, key } = message as Lease;
  return { jobId, key, kind: outcome.kind, failure: "failure" in outcome ? outcome.failure : null };
}

/** Moves a job whose lock was renewed a moment ago. False: it was removed in the meantime. */
export async function moveJob({ job, token }: Lease, outcome: Outcome, UnrecoverableError: new (message: string) => Error): Promise<boolean> {
  try {
    await moved(job, token, outcome, UnrecoverableError);
    return true;
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code === GONE) return false;
    // The lock cannot have expired: an earlier call succeeded, and its answer was lost with the connection.
    if (NOT_OURS.includes(code)) return true;
    throw error;
  }
}

async function moved(job: Job, token: string, outcome: Outcome, UnrecoverableError: new (message: string) => Error): Promise<void> {
  switch (outcome.kind) {
    case "done":
      await job.moveToCompleted(null, token, false);
      return;
    case "retry":
    case "later":
      return job.moveToDelayed(Date.now() + Math.ceil(outcome.afterMs), token);
    case "release":
      await job.moveToWait(token);
      return;
    case "dead": {
      // BullMQ also stores the stack, which says nothing about the job.
      const error = new UnrecoverableError(outcome.failure.message);
      error.stack = outcome.failure.message;
      await job.moveToFailed(error, token, false);
    }
  }
}
