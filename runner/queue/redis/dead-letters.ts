import type { IRedisClient, Queue } from "bullmq";
import type { DeadLetter } from "../backend.js";
import { deadLetterOf } from "./deliveries.js";
import { jobIdOf } from "./ids.js";

const MOST_AT_A_TIME = 500;

/** What failed for good: BullMQ's failed jobs. */
export class DeadLetters {
  constructor(
    readonly client: IRedisClient,
    readonly queue: Queue,
  ) {}

  async list(most: number): Promise<DeadLetter[]> {
    return this.#each(await this.#ids(most), async (jobId) => deadLetterOf(jobId, await this.client.hgetall(this.queue.toKey(jobId))));
  }

  async revive(ids: readonly string[] | null): Promise<number> {
    const jobIds = ids === null ? await this.#ids(Number.POSITIVE_INFINITY) : ids.map(jobIdOf);
    const answers = await this.#each(jobIds, (jobId) => this.#revive(jobId));
    return answers.filter((was) => was).length;
  }

  /** The oldest first. */
  #ids(most: number): Promise<string[]> {
    return this.client.zrange(this.queue.toKey("failed"), 0, Number.isFinite(most) ? most - 1 : -1);
  }

  async #revive(jobId: string): Promise<boolean> {
    const job = await this.queue.getJob(jobId);
    if (job === undefined || (await job.getState()) !== "failed") return false;
    await job.retry("failed", { resetAttemptsMade: true, resetAttemptsStarted: true });
    return true;
  }

  async #each<Result>(jobIds: readonly string[], work: (jobId: string) => Promise<Result>): Promise<Result[]> {
    const results: Result[] = [];
    for (let first = 0; first < jobIds.length; first += MOST_AT_A_TIME) {
      results.push(...(await Promise.all(jobIds.slice(first, first + MOST_AT_A_TIME).map(work))));
    }
    return results;
  }
}
