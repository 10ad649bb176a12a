import { setTimeout as sleep } from "node:timers/promises";
import type { Channel, SettleAnswer, Settlement } from "./backend.js";
import { backoffMs } from "./backoff.js";
import { isPassing } from "./passing.js";

interface Waiting {
  readonly settlement: Settlement;
  resolve(answer: SettleAnswer): void;
  reject(error: unknown): void;
}

/** Settles in batches: what comes while a batch is on its way makes up the next one. */
export class Settler {
  #waiting: Waiting[] = [];
  #running: Promise<void> | null = null;

  constructor(
    readonly channel: Channel,
    /** Is told each time that the store could not take a batch; it is tried again then. */
    readonly onTrouble: (error: unknown) => void,
    /** How long the first of a batch waits for others: fewer batches, and as many times fewer waits for a disk. */
    readonly lingerMs: number,
    /** From then on a batch that the store cannot take fails. */
    readonly givingUp: AbortSignal,
  ) {}

  /** Resolves when it is stored. Rejects when the store cannot, and will not. */
  settle(settlement: Settlement): Promise<SettleAnswer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ settlement, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      // What ends in the same moment goes together.
      if (this.lingerMs > 0) await sleep(this.lingerMs);
      else await new Promise(setImmediate);
      await this.#batch(this.#waiting.splice(0));
    }
    this.#running = null;
  }

  async #batch(batch: readonly Waiting[]): Promise<void> {
    const settlements = batch.map(({ settlement }) => settlement);
    for (let attempt = 1; ; attempt++) {
      try {
        const answers = await this.channel.settle(settlements);
        for (const [index, { resolve }] of batch.entries()) resolve(answers[index] as SettleAnswer);
        return;
      } catch (error) {
        if (!isPassing(error) || this.givingUp.aborted) {
          for (const { reject } of batch) reject(error);
          return;
        }
        this.onTrouble(error);
        await sleep(backoffMs(attempt, 200, 5000), undefined, { signal: this.givingUp }).catch(() => undefined);
      }
    }
  }
}
