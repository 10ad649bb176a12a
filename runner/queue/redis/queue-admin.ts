import type { Job, Queue } from "bullmq";
import type { Counts, DeadLetter, PurgeableState } from "../backend.js";
import type { LastFailure } from "../last-failure.js";
import type { Connection } from "./connection.js";
import { contentOf, jobIdOf, messageIdOf } from "./job-data.js";
import type { JobState } from "./job-state.js";

const BATCH_SIZE = 500;
/** BullMQ's states for what can be purged. */
const STATES = { waiting: ["wait", "paused", "prioritized", "delayed"], dead: ["failed"], done: ["completed"] } as const;
/** Includes jobs of a producer whose clock is ahead. */
const ANY_AGE_MS = -365 * 86_400_000;
/** A held job in one of these states is not lost. */
const NOT_LOST: readonly string[] = ["waiting", "prioritized", "delayed", "active"];

/** Operations on a whole queue, by BullMQ's own methods. */
export class QueueAdmin {
  constructor(
    readonly connection: Connection,
    readonly queue: Queue,
    readonly state: JobState,
  ) {}

  async counts(): Promise<Counts> {
    const [counts, held, isPaused] = await Promise.all([this.queue.getJobCounts(), this.state.heldCount(), this.queue.isPaused()]);
    const { waiting = 0, wait = 0, paused = 0, prioritized = 0, delayed = 0, active = 0, failed = 0, completed = 0 } = counts;
    const heldNow = Math.min(held, delayed);
    return {
      waiting: waiting + wait + paused + prioritized + heldNow,
      delayed: delayed - heldNow,
      leased: active,
      dead: failed,
      done: completed,
      isPaused,
    };
  }

  /** Oldest first. */
  async deadLetters(max: number): Promise<DeadLetter[]> {
    const deadLetters: DeadLetter[] = [];
    while (deadLetters.length < max) {
      const jobs = await this.queue.getJobs(["failed"], deadLetters.length, Math.min(max, deadLetters.length + BATCH_SIZE) - 1, true);
      const deaths = await this.state.deaths(jobs.map(({ id }) => id as string));
      deadLetters.push(...jobs.map((job, index) => deadLetterOf(job, deaths[index]?.failure ?? null, deaths[index]?.attempts ?? null)));
      if (jobs.length < BATCH_SIZE) break;
    }
    return deadLetters;
  }

  async retryDead(ids: readonly string[] | null): Promise<number> {
    if (ids !== null) return this.#retry((await Promise.all(ids.map((id) => this.queue.getJob(jobIdOf(id))))).filter((job) => job !== undefined));
    let retried = 0;
    for (;;) {
      const jobs = await this.queue.getJobs(["failed"], 0, BATCH_SIZE - 1, true);
      const some = await this.#retry(jobs);
      retried += some;
      if (some === 0) return retried;
    }
  }

  async purge(what: PurgeableState): Promise<number> {
    let purged = 0;
    for (const state of STATES[what]) {
      for (;;) {
        const ids = await this.queue.clean(ANY_AGE_MS, BATCH_SIZE, state);
        await this.state.forget(ids);
        purged += ids.length;
        if (ids.length < BATCH_SIZE) break;
      }
    }
    return purged;
  }

  /** Makes held jobs due. Returns how many were. */
  async promote(jobIds: readonly string[]): Promise<number> {
    const promoted = await Promise.all(jobIds.map((id) => this.#promote(new this.connection.bullMq.Job(this.queue, "message", null, {}, id))));
    return promoted.filter((was) => was).length;
  }

  async #promote(job: Job): Promise<boolean> {
    try {
      await job.promote();
      return true;
    } catch (error) {
      if (typeof (error as { code?: unknown }).code !== "number") throw error;
      // Another program removed it: the next job of its key must not wait for it.
      if (NOT_LOST.includes(await job.getState())) return false;
      return (await this.promote(await this.state.forget([job.id as string]))) > 0;
    }
  }

  async #retry(jobs: readonly Job[]): Promise<number> {
    const retried = await Promise.all(
      jobs.map(async (job) => {
        if (!(await job.isFailed())) return false;
        await job.retry("failed", { resetAttemptsMade: true });
        return true;
      }),
    );
    return retried.filter((was) => was).length;
  }
}

function deadLetterOf(job: Job, death: LastFailure | null, attempts: number | null): DeadLetter {
  const { body, key } = contentOf(job.data);
  const failure = death ?? {
    reason: "worker_error",
    message: job.failedReason ?? "unknown",
    at: job.finishedOn ? new Date(job.finishedOn).toISOString() : "",
  };
  return { id: messageIdOf(job.id as string), body, key, attempts: attempts ?? job.attemptsStarted, failure };
}
