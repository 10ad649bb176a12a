import { setTimeout as sleep } from "node:timers/promises";
import type { ResponseHead } from "../../net/http/message.js";
import { sendSingle } from "../../net/http/single-request.js";
import type { Backend, Message, PushAnswer, Sink } from "../backend.js";
import { backoffMs } from "../backoff.js";
import { QueueError } from "../queue-error.js";
import { readWebhookUrl, type WebhookAddress } from "./address.js";
import { type Answer, judgeFailure, judgeResponse } from "./answer.js";
import { webhookHeaders } from "./headers.js";

/** Results for the receiver at a URL. */
export async function openWebhook(url: string, retries: RetrySettings = RETRIES): Promise<Backend> {
  const address = await readWebhookUrl(url);
  const results = new WebhookSink(address, retries);
  return { address: address.shown, jobs: null, results, close: async () => results.close() };
}

export interface RetrySettings {
  readonly attempts: number;
  readonly firstMs: number;
  readonly mostMs: number;
  /** A longer Retry-After is an error, and the caller decides. */
  readonly mostRetryAfterMs: number;
}

/** Half a minute at most, and less on average: callers retry with delays of their own. */
export const RETRIES: RetrySettings = { attempts: 6, firstMs: 500, mostMs: 10_000, mostRetryAfterMs: 60_000 };
/** The limit of simultaneous requests, over all pushes. */
const MAX_REQUESTS = 16;

/** POSTs each message to a receiver. Duplicates are not detected: the receiver recognises them by their ids. */
export class WebhookSink implements Sink {
  readonly #closing = new AbortController();
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(
    readonly address: WebhookAddress,
    readonly retries: RetrySettings,
  ) {}

  async push(messages: readonly Message[]): Promise<PushAnswer[]> {
    const outcomes = await Promise.allSettled(messages.map((message) => this.#withSlot(() => this.#deliver(message))));
    const failed = outcomes.find((outcome) => outcome.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    return messages.map(() => "accepted");
  }

  close(): void {
    this.#closing.abort();
  }

  async #withSlot(work: () => Promise<void>): Promise<void> {
    if (this.#running < MAX_REQUESTS) this.#running += 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      await work();
    } finally {
      const next = this.#waiting.shift();
      // The slot passes to the next request.
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }

  async #deliver(message: Message): Promise<void> {
    const { attempts, firstMs, mostMs, mostRetryAfterMs } = this.retries;
    for (let attempt = 1; ; attempt++) {
      if (this.#closing.signal.aborted) throw new QueueError("closed", `${this.address.shown} has been closed`);
      const answer = await this.#post(message);
      if (answer.kind === "accepted") return;
      if (answer.kind === "refused") throw answer.error;
      const { afterMs, error } = answer;
      if (attempt >= attempts || (afterMs ?? 0) > mostRetryAfterMs) throw error;
      // Not before the requested time, and with jitter after it.
      const waitMs = (afterMs ?? 0) + backoffMs(attempt, firstMs, mostMs);
      await sleep(waitMs, undefined, { signal: this.#closing.signal }).catch(() => undefined);
    }
  }

  async #post({ body }: Message): Promise<Answer> {
    const { url, shown, timeoutMs } = this.address;
    try {
      // The body of the response is not used, only its status.
      const { head } = await sendSingle({
        method: "POST",
        url,
        fields: webhookHeaders(this.address, body),
        body,
        timeoutMs,
        signal: this.#closing.signal,
        maxBodyBytes: 0,
      });
      return judgeResponse(head as ResponseHead, shown);
    } catch (error) {
      return judgeFailure(error, shown, timeoutMs);
    }
  }
}
