import type { AnyProbeName, CheckedName, InputOf } from "../harness/probe-types.js";
import { loadedProbe, loadProbe } from "../harness/registry.js";
import type { Report } from "../harness/run.js";
import { parseAsked } from "../harness/version.js";
import { assertOptions } from "../support/check-options.js";
import type { Backend, Channel, PushAnswer, Sink } from "./backend.js";
import type { BackendOptions } from "./backend-options.js";
import { JOB_OPTION_RULES, type JobOptions, jobMessage } from "./job.js";
import { openBackend } from "./open-backend.js";
import { QueueError } from "./queue-error.js";
import { resultMessage } from "./result.js";

export interface Enqueued {
  readonly id: string;
  /** duplicate: a job with this id existed, and nothing was stored. */
  readonly answer: PushAnswer;
}

/** Opens the queue at a URL: sqlite:PATH, redis://… and the others in docs/queues.md. */
export async function openQueue(url: string, options: Partial<BackendOptions> = {}): Promise<Queue> {
  return new Queue(await openBackend(url, options));
}

/** A queue of jobs and a queue of results in one store. */
export class Queue {
  constructor(readonly backend: Backend) {}

  /** The URL without its password, for messages. */
  get address(): string {
    return this.backend.address;
  }

  /** To inspect jobs, and to pause, retry and purge them. */
  get jobs(): Channel {
    const { jobs, address } = this.backend;
    if (jobs === null) throw new QueueError("failed", `${address} accepts results only: keep jobs in sqlite: or redis://`);
    return jobs;
  }

  get results(): Sink | Channel {
    return this.backend.results;
  }

  /**
   * Stores a job; resolves when it is stored durably. Rejects with a RequestError if the input or an option is invalid. Calls made in the same moment are stored
   * together.
   */
  async enqueue<const Name extends AnyProbeName>(probe: CheckedName<Name>, input: InputOf<Name>, options: JobOptions = {}): Promise<Enqueued> {
    assertOptions("enqueue", options, JOB_OPTION_RULES);
    const asked = parseAsked(probe);
    const message = jobMessage(loadedProbe(asked.name) ?? (await loadProbe(asked.name)), asked, input, options);
    const [answer] = await this.jobs.push([message]);
    return { id: message.id, answer: answer as PushAnswer };
  }

  /** Stores the queue side of a report of a run that did not come from a queue. Returns the event's id. */
  async pushReport(report: Report): Promise<string> {
    const message = resultMessage(report, null);
    await this.results.push([message]);
    return message.id;
  }

  close(): Promise<void> {
    return this.backend.close();
  }

  /** `await using queue = await openQueue(…)` closes it at the end of the block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
