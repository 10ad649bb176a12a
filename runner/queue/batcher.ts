import { setTimeout as sleep } from "node:timers/promises";
import { backoffMs } from "./backoff.js";
import { isRefused, isTransient } from "./is-transient.js";

interface Waiting<Item, Answer> {
  readonly item: Item;
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

export interface BatcherOptions<Item, Answer> {
  /** The answers must be in the order of the items. */
  readonly send: (items: readonly Item[]) => Promise<Answer[]>;
  /** Called each time that the store fails to take a batch, which is then retried. */
  readonly onTrouble: (error: unknown) => void;
  /** How long the first item of a batch waits for others, asked for each batch: fewer batches mean fewer waits for the disk. */
  lingerMs(): number;
  /** After this, a batch that the store does not take fails instead of being retried. */
  readonly giveUpSignal: AbortSignal;
}

/** Sends items in batches: those that arrive while a batch is being sent form the next one. */
export class Batcher<Item, Answer> {
  #waiting: Waiting<Item, Answer>[] = [];
  #running: Promise<void> | null = null;
  /** Ends the linger of the batch that is being gathered; null while there is none. */
  #endLinger: (() => void) | null = null;

  constructor(readonly options: BatcherOptions<Item, Answer>) {}

  /** Resolves when the item is stored. Rejects when the store refuses it, or fails for a reason that a retry does not cure. */
  send(item: Item): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Sends what waits without waiting for more: none is expected soon, or the store is about to be used anyway. */
  flush(): void {
    this.#endLinger?.();
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const lingerMs = this.options.lingerMs();
      // Lets items of the same moment join the batch.
      if (lingerMs > 0) await this.#linger(lingerMs);
      else await new Promise(setImmediate);
      await this.#batch(this.#waiting.splice(0));
    }
    this.#running = null;
  }

  #linger(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#endLinger = null;
        resolve();
      };
      const timer = setTimeout(end, milliseconds);
      this.#endLinger = end;
    });
  }

  async #batch(batch: readonly Waiting<Item, Answer>[]): Promise<void> {
    const { send, onTrouble, giveUpSignal } = this.options;
    const items = batch.map(({ item }) => item);
    for (let attempt = 1; ; attempt++) {
      try {
        const answers = await send(items);
        for (const [index, { resolve }] of batch.entries()) resolve(answers[index] as Answer);
        return;
      } catch (error) {
        // A refused item must not fail the others.
        if (isRefused(error) && batch.length > 1) return void (await Promise.all(batch.map((each) => this.#batch([each]))));
        if (!isTransient(error) || giveUpSignal.aborted) {
          for (const { reject } of batch) reject(error);
          return;
        }
        onTrouble(error);
        await sleep(backoffMs(attempt, 200, 5000), undefined, { signal: giveUpSignal }).catch(() => undefined);
      }
    }
  }
}
