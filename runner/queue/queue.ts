import { loadedProbe, loadProbe } from "../harness/registry.js";
import type { Report } from "../harness/run.js";
import { parseAsked } from "../harness/version.js";
import type { Backend, Channel, PushAnswer, Sink } from "./backend.js";
import type { BackendOptions } from "./backend-options.js";
import { type JobOptions, jobMessage } from "./job.js";
import { openBackend } from "./open-backend.js";
import { QueueError } from "./queue-error.js";
import { resultMessage } from "./result.js";

export interface Enqueued {
  readonly id: string;
  /** duplicate: a job with this id was there already, and nothing was stored. */
  readonly answer: PushAnswer;
}

/** Opens the queue at a URL: sqlite:PATH, redis://…, and what else docs/queues.md lists. */
export async function openQueue(url: string, options: Partial<BackendOptions> = {}): Promise<Queue> {
  return new Queue(await openBackend(url, options));
}

/** Jobs and results in one place. */
export class Queue {
  constructor(readonly backend: Backend) {}

  /** For people: without a password. */
  get address(): string {
    return this.backend.address;
  }

  /** To look at jobs, and to pause, retry and purge them. */
  get jobs(): Channel {
    const { jobs, address } = this.backend;
    if (jobs === null) throw new QueueError("failed", `${address} takes results only, no jobs: keep jobs in sqlite: or redis://`);
    return jobs;
  }

  get results(): Sink | Channel {
    return this.backend.results;
  }

  /**
   * Stores a job; resolves when it cannot be lost any more. Rejects with a RequestError when the input does not fit. Many at
   * once, without waiting in between, are stored together.
   */
  async enqueue(probe: string, input: unknown, options: JobOptions = {}): Promise<Enqueued> {
    const asked = parseAsked(probe);
    const message = jobMessage(loadedProbe(asked.name) ?? (await loadProbe(asked.name)), asked, input, options);
    const [answer] = await this.jobs.push([message]);
    return { id: message.id, answer: answer as PushAnswer };
  }

  /** Stores the queue side of a report that was run elsewhere. Gives the event's id. */
  async pushReport(report: Report): Promise<string> {
    const message = resultMessage(report, null);
    await this.results.push([message]);
    return message.id;
  }

  close(): Promise<void> {
    return this.backend.close();
  }
}
