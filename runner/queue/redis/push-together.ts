import type { Message, PushAnswer } from "../backend.js";

interface Waiting {
  readonly messages: readonly Message[];
  resolve(answers: PushAnswer[]): void;
  reject(error: unknown): void;
}

/** Pushes that are asked for in the same moment go to the server together. */
export class PushTogether {
  #waiting: Waiting[] = [];

  constructor(readonly store: (messages: readonly Message[]) => Promise<PushAnswer[]>) {}

  push(messages: readonly Message[]): Promise<PushAnswer[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ messages, resolve, reject });
      if (this.#waiting.length === 1) setImmediate(() => void this.#flush());
    });
  }

  async #flush(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    try {
      const answers = await this.store(waiting.flatMap(({ messages }) => messages));
      let first = 0;
      for (const { messages, resolve } of waiting) {
        resolve(answers.slice(first, first + messages.length));
        first += messages.length;
      }
    } catch (error) {
      for (const { reject } of waiting) reject(error);
    }
  }
}
