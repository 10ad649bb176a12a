import { setTimeout as sleep } from "node:timers/promises";
import { NO_LIMITS } from "../limits/limits.js";
import type { Channel, Delivery, Outcome, SettleAnswer, Settlement } from "./backend.js";
import { backoffMs } from "./backoff.js";
import { InBatches } from "./batcher.js";
import { type ConsumedEvent, readConsumed } from "./consumed-event.js";
import { readable } from "./execute.js";
import { Heartbeat } from "./heartbeat.js";
import { isPassing } from "./is-transient.js";
import { lastFailure } from "./last-failure.js";

export interface ConsumeOptions {
  /** Ends when nothing is left, instead of waiting for more. */
  readonly drain?: boolean;
  /** How many events may be handed out and not settled (64). */
  readonly atOnce?: number;
  /** How long an event stays away from others when its consumer dies (30,000). */
  readonly leaseMs?: number;
  /** After so many an event goes to the dead letters (5). */
  readonly maxAttempts?: number;
  /** The longest wait before the second attempt; it doubles with each (1000), up to backoffMostMs (300,000). */
  readonly backoffMs?: number;
  readonly backoffMostMs?: number;
  readonly signal?: AbortSignal;
  readonly onTrouble?: (error: unknown) => void;
}

/** An event that was handed out. It comes again, here or elsewhere, until it is acknowledged. */
export interface Consumed {
  readonly event: ConsumedEvent;
  /** The event as it was stored: one line of JSON. */
  readonly body: string;
  readonly attempt: number;
  /** Aborts when the lease is lost: another consumer may have the event by then. */
  readonly signal: AbortSignal;
  /** It is done with. Resolves when that is stored. */
  ack(): Promise<SettleAnswer>;
  /** It could not be taken: comes again after a while, or goes to the dead letters after its last attempt. */
  fail(reason: string): Promise<SettleAnswer>;
  /** Given back untouched. */
  release(): Promise<SettleAnswer>;
}

const DRAIN_LOOK_MS = 100;
const WAIT_MS = 1000;

/** Claims events, keeps their leases, and settles them as it is told. */
export class Consumer {
  readonly #settling: InBatches<Settlement, SettleAnswer>;
  readonly #heartbeat: Heartbeat;
  readonly #giveUp = new AbortController();
  readonly #held = new Map<Delivery, Consumed>();
  #freed: (() => void) | null = null;

  constructor(
    readonly channel: Channel,
    readonly options: ConsumeOptions,
  ) {
    const onTrouble = options.onTrouble ?? (() => undefined);
    const send = (settlements: readonly Settlement[]): Promise<SettleAnswer[]> => channel.settle(settlements);
    this.#settling = new InBatches({ send, onTrouble, lingerMs: 0, givingUp: this.#giveUp.signal });
    this.#heartbeat = new Heartbeat(channel, this.#leaseMs, onTrouble);
  }

  /** The next few; null at the end. */
  async claim(): Promise<Consumed[] | null> {
    const { drain = false, atOnce = 64, signal } = this.options;
    for (;;) {
      if (signal?.aborted) return null;
      const free = atOnce - this.#held.size;
      if (free <= 0) {
        await this.#slot(signal);
        continue;
      }
      const claimed = await this.#claimSome(free, drain ? DRAIN_LOOK_MS : WAIT_MS);
      const fit = claimed.map((delivery) => this.#handOut(delivery)).filter((consumed) => consumed !== null);
      if (fit.length > 0) return fit;
      if (drain && claimed.length === 0 && (await this.#isDrained())) return null;
    }
  }

  async end(): Promise<void> {
    const left = [...this.#held.values()];
    this.#giveUp.abort();
    await Promise.all(left.map((consumed) => consumed.release().catch(() => "lost")));
    await this.#heartbeat.stop();
  }

  get #leaseMs(): number {
    return this.options.leaseMs ?? 30_000;
  }

  async #claimSome(most: number, waitMs: number): Promise<Delivery[]> {
    const { signal, onTrouble } = this.options;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.channel.claim({ most, leaseMs: this.#leaseMs, waitMs, limits: NO_LIMITS, ...(signal === undefined ? {} : { signal }) });
      } catch (error) {
        if (!isPassing(error) || signal?.aborted) throw error;
        onTrouble?.(error);
        await sleep(backoffMs(attempt, 200, 5000), undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
      }
    }
  }

  async #isDrained(): Promise<boolean> {
    const { waiting, delayed, leased } = await this.channel.counts();
    return waiting + delayed + leased === 0;
  }

  /** Null for what cannot be handed out: it is in the dead letters then. */
  #handOut(delivery: Delivery): Consumed | null {
    const { maxAttempts = 5 } = this.options;
    const event = readable(() => readConsumed(delivery.body));
    if (typeof event === "string") return this.#bury(delivery, { kind: "dead", failure: lastFailure("poisoned", event) });
    if (delivery.attempt > maxAttempts) {
      const failure = delivery.lastFailure ?? lastFailure("worker_died", `${maxAttempts} consumers took it, and none of them came back`);
      return this.#bury(delivery, { kind: "dead", failure });
    }
    // Most consumers never look at the signal, and each costs more than the rest of this.
    let controller: AbortController | null = null;
    let isLost = false;
    const consumed: Consumed = {
      event,
      body: delivery.body,
      attempt: delivery.attempt,
      get signal() {
        controller ??= new AbortController();
        if (isLost) controller.abort();
        return controller.signal;
      },
      ack: () => this.#settle(delivery, { kind: "done", result: null }),
      fail: (reason) => this.#settle(delivery, this.#failed(delivery, reason, maxAttempts)),
      release: () => this.#settle(delivery, { kind: "release" }),
    };
    this.#held.set(delivery, consumed);
    this.#heartbeat.hold(delivery, () => {
      isLost = true;
      controller?.abort();
      this.#letGo(delivery);
    });
    return consumed;
  }

  #bury(delivery: Delivery, outcome: Outcome): null {
    this.#settling.send({ delivery, outcome }).catch((error: unknown) => this.options.onTrouble?.(error));
    return null;
  }

  #failed({ attempt }: Delivery, reason: string, maxAttempts: number): Outcome {
    const failure = lastFailure("consumer_error", reason);
    if (attempt >= maxAttempts) return { kind: "dead", failure };
    return { kind: "retry", afterMs: backoffMs(attempt, this.options.backoffMs ?? 1000, this.options.backoffMostMs ?? 300_000), failure };
  }

  async #settle(delivery: Delivery, outcome: Outcome): Promise<SettleAnswer> {
    if (!this.#held.has(delivery)) return "lost";
    try {
      return await this.#settling.send({ delivery, outcome });
    } finally {
      this.#heartbeat.letGo(delivery);
      this.#letGo(delivery);
    }
  }

  #letGo(delivery: Delivery): void {
    this.#held.delete(delivery);
    this.#freed?.();
  }

  #slot(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#freed = null;
        signal?.removeEventListener("abort", done);
        resolve();
      };
      this.#freed = done;
      signal?.addEventListener("abort", done);
    });
  }
}
