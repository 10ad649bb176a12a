import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { packageRoot } from "../../support/package-root.js";
import type { HistoryClient } from "../history-client.js";
import { HistoryLost } from "../history-lost.js";
import type { AnswerOf, GivenTo, RequestName } from "../requests.js";
import type { Keeping } from "../retention.js";
import { type FromThread, receivedError, type ToThread } from "./messages.js";

/** A disk that is this far behind will not catch up: what comes after it is not stored, so that memory is bounded. */
const MOST_WAITING = 50_000;

/** A batch of results is a few hundred kilobytes. V8's own limit is 48 MB, and it is used up before anything is freed. */
const YOUNG_MB = 12;

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

export interface HistoryThreadOptions {
  onTrouble(message: string): void;
}

/** A history whose file belongs to a thread of its own: writing, reading and deleting never delay the runs of probes. */
export class HistoryThread implements HistoryClient {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #closed: Promise<void>;
  #asked = 0;
  #lost: Error | null = null;

  /** Rejects with a RequestError for a file that cannot be used. */
  static async open(path: string, options: HistoryThreadOptions): Promise<HistoryThread> {
    const worker = new Worker(join(packageRoot(), "dist/history.cjs"), { workerData: path, resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB } });
    await new Promise<void>((resolve, reject) => {
      worker.once("error", reject);
      worker.once("message", (message: FromThread) => (message.kind === "failed" ? reject(receivedError(message.error)) : resolve()));
    });
    return new HistoryThread(worker, options);
  }

  private constructor(worker: Worker, options: HistoryThreadOptions) {
    this.#worker = worker;
    this.#worker.on("message", (message: FromThread) => {
      if (message.kind === "answers") for (const { id, value, error } of message.answers) this.#settle(id, value, error === null ? null : receivedError(error));
      else if (message.kind === "trouble") options.onTrouble(message.message);
    });
    let cause = "";
    this.#worker.on("error", (error) => {
      cause = `: ${error.message}`;
    });
    this.#closed = new Promise((resolve) => {
      this.#worker.once("exit", () => {
        this.#lose(new HistoryLost(`the history's thread has ended${cause}`));
        resolve();
      });
    });
  }

  ask<Name extends RequestName>(name: Name, ...given: GivenTo<Name>): Promise<AnswerOf<Name>> {
    if (this.#lost !== null) return Promise.reject(this.#lost);
    if (this.#waiting.size >= MOST_WAITING) return Promise.reject(new Error(`the history is ${MOST_WAITING} requests behind`));
    const id = this.#asked;
    this.#asked += 1;
    this.#post({ kind: "ask", id, name, given });
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject }));
  }

  keep(keeping: Keeping): void {
    this.#post({ kind: "keep", keeping });
  }

  async close(): Promise<void> {
    this.#post({ kind: "close" });
    await this.#closed;
  }

  #post(message: ToThread): void {
    this.#worker.postMessage(message);
  }

  #settle(id: number, value: unknown, error: Error | null): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === null) waiting?.resolve(value);
    else waiting?.reject(error);
  }

  #lose(error: Error): void {
    this.#lost = error;
    for (const id of [...this.#waiting.keys()]) this.#settle(id, null, error);
  }
}
