import type { Report } from "../harness/run.js";
import type { Queue } from "../queue/queue.js";
import type { Io } from "./io.js";
import { openGiven } from "./open-queue-option.js";

/** Pushes what runs found while they go on. What a queue does not take is told at the end: it costs nobody an envelope. */
export class ResultPusher {
  readonly #pushes: Promise<unknown>[] = [];

  constructor(readonly queue: Queue) {}

  push(report: Report): void {
    const pushed = this.queue.pushReport(report);
    pushed.catch(() => undefined);
    this.#pushes.push(pushed);
  }

  /** Resolves when everything is stored. */
  async settled(): Promise<void> {
    await Promise.all(this.#pushes);
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#pushes);
    await this.queue.close();
  }
}

/** Before anything is sent: a queue that cannot be opened stops the run. */
export async function openPusher(written: string, io: Io): Promise<ResultPusher> {
  return new ResultPusher(await openGiven(written, io));
}
