import { setMaxListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { Message, PushAnswer, Sink } from "../backend.js";
import { backoffMs } from "../backoff.js";
import { QueueError } from "../queue-error.js";
import type { WebhookAddress } from "./address.js";
import { type Answer, judgeFailure, judgeResponse } from "./answer.js";
import { webhookHeaders } from "./headers.js";

export interface Patience {
  readonly attempts: number;
  readonly firstMs: number;
  readonly mostMs: number;
  /** A receiver that asks for more is told as an error, and whoever pushes decides. */
  readonly mostRetryAfterMs: number;
}

/** Half a minute at most, and less on average: whoever pushes goes on trying, with waits of its own. */
export const PATIENCE: Patience = { attempts: 6, firstMs: 500, mostMs: 10_000, mostRetryAfterMs: 60_000 };
/** Requests that are on their way at one time, of all pushes together. */
const AT_ONCE = 16;

/** POSTs each message to a receiver. It tells nobody of duplicates: the receiver knows them by their id. */
export class WebhookSink implements Sink {
  readonly #closing = new AbortController();
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(
    readonly address: WebhookAddress,
    readonly patience: Patience,
  ) {
    // One listener a request: more than ten are no leak.
    setMaxListeners(0, this.#closing.signal);
  }

  async push(messages: readonly Message[]): Promise<PushAnswer[]> {
    const outcomes = await Promise.allSettled(messages.map((message) => this.#inTurn(() => this.#deliver(message))));
    const failed = outcomes.find((outcome) => outcome.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    return messages.map(() => "accepted");
  }

  close(): void {
    this.#closing.abort();
  }

  async #inTurn(work: () => Promise<void>): Promise<void> {
    if (this.#running < AT_ONCE) this.#running += 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      await work();
    } finally {
      const next = this.#waiting.shift();
      // The place goes on to the next one.
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }

  async #deliver(message: Message): Promise<void> {
    const { attempts, firstMs, mostMs, mostRetryAfterMs } = this.patience;
    for (let attempt = 1; ; attempt++) {
      if (this.#closing.signal.aborted) throw new QueueError("closed", `${this.address.shown} has been closed`);
      const answer = await this.#post(message);
      if (answer.kind === "taken") return;
      if (answer.kind === "refused") throw answer.error;
      const { afterMs, error } = answer;
      if (attempt >= attempts || (afterMs ?? 0) > mostRetryAfterMs) throw error;
      // Not before it said, and not all in the same moment after.
      const waitMs = (afterMs ?? 0) + backoffMs(attempt, firstMs, mostMs);
      await sleep(waitMs, undefined, { signal: this.#closing.signal }).catch(() => undefined);
    }
  }

  async #post({ body }: Message): Promise<Answer> {
    const { url, shown, timeoutMs } = this.address;
    try {
      const response = await fetch(url, {
        method: "POST",
        body,
        headers: webhookHeaders(this.address, body),
        redirect: "manual",
        signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), this.#closing.signal]),
      });
      // Its words are nobody's business: the status says it all.
      await response.body?.cancel();
      return judgeResponse(response, shown);
    } catch (error) {
      return judgeFailure(error, shown, timeoutMs);
    }
  }
}
