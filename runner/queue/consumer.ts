import { setTimeout as sleep } from "node:timers/promises";
import { NO_LIMITS } from "../limits/limits.js";
import type { Channel, LeasedMessage, Outcome, SettleAnswer, Settlement } from "./backend.js";
import { backoffMs } from "./backoff.js";
import { Batcher } from "./batcher.js";
import { type ConsumedEvent, readConsumedEvent } from "./consumed-event.js";
import { readSafely } from "./execute.js";
import { Heartbeat } from "./heartbeat.js";
import { isTransient } from "./is-transient.js";
import { lastFailure } from "./last-failure.js";

export interface ConsumeOptions {
  /** End when the queue is empty, instead of waiting for more. */
  readonly drain?: boolean;
  /** How many unsettled events a consumer may hold (64). */
  readonly prefetch?: number;
  /** Milliseconds until an event becomes available to others if its consumer dies (30,000). */
  readonly leaseMs?: number;
  /** An event becomes a dead letter after this number of attempts (5). */
  readonly maxAttempts?: number;
  /** The longest delay before the second attempt (1000); it doubles with each attempt, up to backoffMostMs (300,000). */
  readonly backoffMs?: number;
  readonly backoffMostMs?: number;
  readonly signal?: AbortSignal;
  readonly onTrouble?: (error: unknown) => void;
}

/** An event under a lease. Until it is acknowledged it is delivered again, here or elsewhere. */
export interface ClaimedEvent {
  readonly event: ConsumedEvent;
  /** The event as it was stored: one line of JSON. */
  readonly body: string;
  readonly attempt: number;
  /** Aborts when the lease is lost: another consumer may have the event. */
  readonly signal: AbortSignal;
  /** Acknowledges the event. Resolves when that is stored. */
  ack(): Promise<SettleAnswer>;
  /** The event is retried after a delay; after its last attempt it becomes a dead letter. */
  fail(reason: string): Promise<SettleAnswer>;
  /** Returns the event to the queue without using an attempt. */
  release(): Promise<SettleAnswer>;
}

const DRAIN_CHECK_MS = 100;
const WAIT_MS = 1000;

/** Claims events, renews their leases, and settles them. */
export class Consumer {
  readonly #settlements: Batcher<Settlement, SettleAnswer>;
  readonly #heartbeat: Heartbeat;
  readonly #closing = new AbortController();
  readonly #unsettled = new Map<LeasedMessage, ClaimedEvent>();
  #onSlotFree: (() => void) | null = null;

  constructor(
    readonly channel: Channel,
    readonly options: ConsumeOptions,
  ) {
    const onTrouble = options.onTrouble ?? (() => undefined);
    const send = (settlements: readonly Settlement[]): Promise<SettleAnswer[]> => channel.settle(settlements);
    this.#settlements = new Batcher({ send, onTrouble, lingerMs: () => 0, giveUpSignal: this.#closing.signal });
    this.#heartbeat = new Heartbeat(channel, this.#leaseMs, onTrouble);
  }

  /** The next batch; null at the end. */
  async claim(): Promise<ClaimedEvent[] | null> {
    const { drain = false, prefetch = 64, signal } = this.options;
    for (;;) {
      if (signal?.aborted) return null;
      const free = prefetch - this.#unsettled.size;
      if (free <= 0) {
        await this.#waitForSlot(signal);
        continue;
      }
      const claimed = await this.#claimSome(free, drain ? DRAIN_CHECK_MS : WAIT_MS);
      const valid = claimed.map((message) => this.#claimedEvent(message)).filter((event) => event !== null);
      if (valid.length > 0) return valid;
      if (drain && claimed.length === 0 && (await this.#isDrained())) return null;
    }
  }

  async end(): Promise<void> {
    const left = [...this.#unsettled.values()];
    this.#closing.abort();
    await Promise.all(left.map((event) => event.release().catch(() => "lost")));
    await this.#heartbeat.stop();
  }

  get #leaseMs(): number {
    return this.options.leaseMs ?? 30_000;
  }

  async #claimSome(max: number, waitMs: number): Promise<LeasedMessage[]> {
    const { signal, onTrouble } = this.options;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.channel.claim({ max, leaseMs: this.#leaseMs, waitMs, limits: NO_LIMITS, ...(signal === undefined ? {} : { signal }) });
      } catch (error) {
        if (!isTransient(error) || signal?.aborted) throw error;
        onTrouble?.(error);
        await sleep(backoffMs(attempt, 200, 5000), undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
      }
    }
  }

  async #isDrained(): Promise<boolean> {
    const { waiting, delayed, leased } = await this.channel.counts();
    return waiting + delayed + leased === 0;
  }

  /** Null for an event that cannot be processed: it becomes a dead letter. */
  #claimedEvent(message: LeasedMessage): ClaimedEvent | null {
    const { maxAttempts = 5 } = this.options;
    const event = readSafely(() => readConsumedEvent(message.body));
    if (typeof event === "string") return this.#moveToDead(message, { kind: "dead", failure: lastFailure("poisoned", event) });
    if (message.attempt > maxAttempts) {
      const failure = message.lastFailure ?? lastFailure("worker_died", `${maxAttempts} consumers claimed it and died`);
      return this.#moveToDead(message, { kind: "dead", failure });
    }
    // Created on demand: most consumers never read the signal, and a controller is the most expensive part of this object.
    let controller: AbortController | null = null;
    let isLost = false;
    const claimedEvent: ClaimedEvent = {
      event,
      body: message.body,
      attempt: message.attempt,
      get signal() {
        controller ??= new AbortController();
        if (isLost) controller.abort();
        return controller.signal;
      },
      ack: () => this.#settle(message, { kind: "done", result: null }),
      fail: (reason) => this.#settle(message, this.#failed(message, reason, maxAttempts)),
      release: () => this.#settle(message, { kind: "release" }),
    };
    this.#unsettled.set(message, claimedEvent);
    this.#heartbeat.track(message, () => {
      isLost = true;
      controller?.abort();
      this.#remove(message);
    });
    return claimedEvent;
  }

  #moveToDead(message: LeasedMessage, outcome: Outcome): null {
    this.#settlements.send({ message, outcome }).catch((error: unknown) => this.options.onTrouble?.(error));
    return null;
  }

  #failed({ attempt }: LeasedMessage, reason: string, maxAttempts: number): Outcome {
    const failure = lastFailure("consumer_error", reason);
    if (attempt >= maxAttempts) return { kind: "dead", failure };
    return { kind: "retry", afterMs: backoffMs(attempt, this.options.backoffMs ?? 1000, this.options.backoffMostMs ?? 300_000), failure };
  }

  async #settle(message: LeasedMessage, outcome: Outcome): Promise<SettleAnswer> {
    if (!this.#unsettled.has(message)) return "lost";
    try {
      return await this.#settlements.send({ message, outcome });
    } finally {
      this.#heartbeat.untrack(message);
      this.#remove(message);
    }
  }

  #remove(message: LeasedMessage): void {
    this.#unsettled.delete(message);
    this.#onSlotFree?.();
  }

  #waitForSlot(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#onSlotFree = null;
        signal?.removeEventListener("abort", done);
        resolve();
      };
      this.#onSlotFree = done;
      signal?.addEventListener("abort", done);
    });
  }
}
