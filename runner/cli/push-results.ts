import type { Report } from "../harness/run.js";
import type { Queue } from "../queue/queue.js";
import type { Io } from "./io.js";
import { openGiven } from "./open-queue-option.js";

/** So many results may be on their way to the queue before a list of any length waits for it. */
const MOST_PENDING = 1000;

/** Pushes what runs found while they go on. What a queue does not take is told at the end: it costs nobody an envelope. */
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

  /** Resolves when everything is stored; rejects if something is not. */
  async settled(): Promise<void> {
    await Promise.all(this.#pending);
    if (this.#failure !== null) throw this.#failure.error;
  }

  async close(): Promise<void> {
    await Promise.all(this.#pending);
    await this.queue.close();
  }
}

/** Before anything is sent: a queue that cannot be opened stops the run. */
export async function openPusher(written: string, io: Io): Promise<ResultPusher> {
  return new ResultPusher(await openGiven(written, io));
}
