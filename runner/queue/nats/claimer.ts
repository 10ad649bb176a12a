import { setTimeout as sleep } from "node:timers/promises";
import type { Limits } from "../../limits/limits.js";
import type { ClaimRequest } from "../backend.js";
import { delayRedelivery } from "./acks.js";
import type { ChannelContext } from "./channel-context.js";
import type { ClaimLimits } from "./claim-limits.js";
import { ClaimLock } from "./claim-lock.js";
import { envelopeIn } from "./envelope.js";
import type { NatsLease } from "./nats-lease.js";
import { type Pulled, pull } from "./pull.js";
import { takeLease } from "./take-lease.js";

/** How many messages one claim may send back because of limits; the next claim sees those behind them. */
const MAX_SKIPPED = 500;
/** How long a claim waits for the lock at most before it tries again. */
const LOCK_RETRY_MS = 20;

/** Claims messages from consumers, within limits. */
export class Claimer {
  readonly #lock: ClaimLock;
  /** Whether the last claim sent messages back because of a limit: they return soon. */
  isRateLimited = false;

  constructor(readonly context: ChannelContext) {
    this.#lock = new ClaimLock(context);
  }

  /** `consumers`: the highest priority first. */
  async claimFrom(consumers: readonly string[], request: ClaimRequest): Promise<NatsLease[]> {
    this.isRateLimited = false;
    if (!hasLimits(request.limits)) return this.#claimWithin(consumers, request, null);
    const held = await this.#acquireLock(request);
    if (held === null) return [];
    try {
      return await this.#claimWithin(consumers, request, held.claimLimits);
    } finally {
      await held.release();
    }
  }

  async #acquireLock({ limits, waitMs, signal }: ClaimRequest): ReturnType<ClaimLock["acquire"]> {
    const deadline = performance.now() + waitMs;
    for (;;) {
      const held = await this.#lock.acquire(limits);
      if (held !== null || signal?.aborted || performance.now() > deadline) return held;
      await sleep(Math.random() * LOCK_RETRY_MS);
    }
  }

  async #claimWithin(consumers: readonly string[], { max, leaseMs }: ClaimRequest, limits: ClaimLimits | null): Promise<NatsLease[]> {
    const { client, names } = this.context;
    const claimed: NatsLease[] = [];
    let skipped = 0;
    for (const consumer of consumers) {
      for (;;) {
        const room = Math.min(max - claimed.length, limits?.remaining() ?? max);
        if (room < 1 || skipped >= MAX_SKIPPED) return claimed;
        const pulled = await pull(client, names.queue, consumer, room);
        if (pulled.length === 0) break;
        const allowed = limits === null ? pulled : pulled.filter((each) => this.#isWithinLimits(each, limits));
        skipped += pulled.length - allowed.length;
        const taken = await Promise.all(allowed.map((each) => this.#takeOne(each, leaseMs, limits)));
        claimed.push(...taken.filter((leased) => leased !== null));
      }
    }
    return claimed;
  }

  #isWithinLimits({ subject, headers, reply }: Pulled, limits: ClaimLimits): boolean {
    const { key = null, weight = 1 } = envelopeIn(subject, headers) ?? {};
    const waitMs = limits.acquire(key, weight);
    if (waitMs === null) return true;
    this.isRateLimited = true;
    delayRedelivery(this.context.client, reply, waitMs);
    return false;
  }

  async #takeOne(pulled: Pulled, leaseMs: number, limits: ClaimLimits | null): Promise<NatsLease | null> {
    const leased = await takeLease(this.context, pulled, leaseMs);
    const { key = null, weight = 1 } = envelopeIn(pulled.subject, pulled.headers) ?? {};
    if (leased === null) limits?.release(key, weight);
    return leased;
  }
}

function hasLimits({ all, eachKey, keys }: Limits): boolean {
  return all !== null || eachKey !== null || Object.keys(keys).length > 0;
}
