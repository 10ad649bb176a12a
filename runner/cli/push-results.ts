import type { Report } from "../harness/run.js";
import type { Queue } from "../queue/queue.js";
import type { Io } from "./io.js";
import { openQueueOption } from "./open-queue-option.js";

/** Pushes the results of runs while they go on. Errors of the queue are reported at the end, so that every envelope is printed. */
export class ResultPusher {
  readonly #pushes: Promise<unknown>[] = [];

  constructor(readonly queue: Queue) {}

  push(report: Report): void {
    const pushed = this.queue.pushReport(report);
    pushed.catch(() => undefined);
    this.#pushes.push(pushed);
  }

  /** Resolves when all results are stored. */
  async settled(): Promise<void> {
    await Promise.all(this.#pushes);
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#pushes);
    await this.queue.close();
  }
}

/** Called before anything is sent: a queue that cannot be opened stops the run. */
export async function openPusher(written: string, io: Io): Promise<ResultPusher> {
  return new ResultPusher(await openQueueOption(written, io));
}
