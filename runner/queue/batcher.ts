import { setTimeout as sleep } from "node:timers/promises";
import { backoffMs } from "./backoff.js";
import { isPassing, isRefused } from "./is-transient.js";

interface Waiting<Item, Answer> {
  readonly item: Item;
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

export interface Batching<Item, Answer> {
  /** The answers are in the order of the items. */
  readonly send: (items: readonly Item[]) => Promise<Answer[]>;
  /** Is told each time that the store could not take a batch; it is tried again then. */
  readonly onTrouble: (error: unknown) => void;
  /** How long the first of a batch waits for others: fewer batches, and as many times fewer waits for a disk. */
  readonly lingerMs: number;
  /** From then on a batch that the store cannot take fails. */
  readonly givingUp: AbortSignal;
}

/** Sends in batches: what comes while a batch is on its way makes up the next one. */
export class InBatches<Item, Answer> {
  #waiting: Waiting<Item, Answer>[] = [];
  #running: Promise<void> | null = null;

  constructor(readonly batching: Batching<Item, Answer>) {}

  /** Resolves when it is stored. Rejects when the store cannot, and will not. */
  send(item: Item): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  async #run(): Promise<void> {
    const { lingerMs } = this.batching;
    while (this.#waiting.length > 0) {
      // What ends in the same moment goes together.
      if (lingerMs > 0) await sleep(lingerMs);
      else await new Promise(setImmediate);
      await this.#batch(this.#waiting.splice(0));
    }
    this.#running = null;
  }

  async #batch(batch: readonly Waiting<Item, Answer>[]): Promise<void> {
    const { send, onTrouble, givingUp } = this.batching;
    const items = batch.map(({ item }) => item);
    for (let attempt = 1; ; attempt++) {
      try {
        const answers = await send(items);
        for (const [index, { resolve }] of batch.entries()) resolve(answers[index] as Answer);
        return;
      } catch (error) {
        // One that is refused takes no other along.
        if (isRefused(error) && batch.length > 1) return void (await Promise.all(batch.map((each) => this.#batch([each]))));
        if (!isPassing(error) || givingUp.aborted) {
          for (const { reject } of batch) reject(error);
          return;
        }
        onTrouble(error);
        await sleep(backoffMs(attempt, 200, 5000), undefined, { signal: givingUp }).catch(() => undefined);
      }
    }
  }
}
