import type { Report } from "../harness/run.js";
import type { Queue } from "../queue/queue.js";
import type { Io } from "./io.js";
import { openQueueOption } from "./open-queue-option.js";

/** So many results may be on their way to the queue before a list of any length waits for it. */
const MOST_PENDING = 1000;

/** Pushes the results of runs while others continue. Errors of the queue are reported at the end, so that every envelope is printed. */
export class ResultPusher {
  readonly #pending = new Set<Promise<unknown>>();
  #failure: { error: unknown } | null = null;

  constructor(readonly queue: Queue) {}

  push(report: Report): void {
    const pushed = this.queue
      .pushReport(report)
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#pending.delete(pushed));
    this.#pending.add(pushed);
  }

  /** Resolves when the queue keeps up. */
  async room(): Promise<void> {
    while (this.#pending.size >= MOST_PENDING) await Promise.race(this.#pending);
  }

  /** Resolves when all results are stored; rejects if one is not. */
  async settled(): Promise<void> {
    await Promise.all(this.#pending);
    if (this.#failure !== null) throw this.#failure.error;
  }

  async close(): Promise<void> {
    await Promise.all(this.#pending);
    await this.queue.close();
  }
}

/** Called before anything is sent: a queue that cannot be opened stops the run. */
export async function openPusher(written: string, io: Io): Promise<ResultPusher> {
  return new ResultPusher(await openQueueOption(written, io));
}
