import type { Message, PushAnswer, Sink } from "../backend.js";
import { QueueError } from "../queue-error.js";
import { asQueueError } from "./errors.js";

interface Waiting {
  readonly lines: string;
  resolve(): void;
  reject(error: unknown): void;
}

/** One message per line. Messages that arrive during a write share the next one, so they wait for the disk together. */
export class LineSink implements Sink {
  #waiting: Waiting[] = [];
  #running: Promise<void> | null = null;
  #isClosed = false;

  constructor(
    readonly address: string,
    /** Resolves when all of it is stored. */
    readonly append: (lines: string) => Promise<void>,
  ) {}

  /** Earlier lines are not read, so duplicates are not detected. */
  async push(messages: readonly Message[]): Promise<PushAnswer[]> {
    if (this.#isClosed) throw new QueueError("closed", `${this.address} has been closed`);
    if (messages.length > 0) await this.#store(messages.map((message) => this.#lineOf(message)).join(""));
    return messages.map(() => "accepted");
  }

  /** Waits for pending writes. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#running;
  }

  #store(lines: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ lines, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0);
      try {
        await this.append(batch.map(({ lines }) => lines).join(""));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(asQueueError(error, this.address));
      }
    }
    this.#running = null;
  }

  #lineOf({ id, body }: Message): string {
    if (!/[\r\n]/.test(body)) return `${body}\n`;
    throw new QueueError(
      "refused",
      `the message ${JSON.stringify(id)} contains a line break, but ${this.address} takes one line per message: nothing was written`,
    );
  }
}
