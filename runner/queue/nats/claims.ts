import { setTimeout as sleep } from "node:timers/promises";
import type { Limits } from "../../limits/limits.js";
import type { ClaimRequest } from "../backend.js";
import { keepAway } from "./acks.js";
import type { Place } from "./channel-context.js";
import type { Turn } from "./claim-limits.js";
import { Gate } from "./claim-lock.js";
import { envelopeIn } from "./envelope.js";
import type { Leased } from "./leased.js";
import { type Pulled, pull } from "./pull.js";
import { take } from "./take.js";

/** How many messages that a limit holds back one claim may send away: the next one sees what is behind them. */
const MOST_PASSED = 500;
/** Those who find the gate shut come back in their own time each. */
const SHUT_MS = 20;

/** Takes from consumers what may be taken now. */
export class Claims {
  readonly #gate: Gate;
  /** Whether the last claim sent messages away for a limit: they are back soon. */
  heldBack = false;

  constructor(readonly place: Place) {
    this.#gate = new Gate(place);
  }

  /** `consumers`: the highest priority first. */
  async claimFrom(consumers: readonly string[], request: ClaimRequest): Promise<Leased[]> {
    this.heldBack = false;
    if (!hasLimits(request.limits)) return this.#take(consumers, request, null);
    const entered = await this.#enter(request);
    if (entered === null) return [];
    try {
      return await this.#take(consumers, request, entered.turn);
    } finally {
      await entered.leave();
    }
  }

  async #enter({ limits, waitMs, signal }: ClaimRequest): ReturnType<Gate["enter"]> {
    const deadline = performance.now() + waitMs;
    for (;;) {
      const entered = await this.#gate.enter(limits);
      if (entered !== null || signal?.aborted || performance.now() > deadline) return entered;
      await sleep(Math.random() * SHUT_MS);
    }
  }

  async #take(consumers: readonly string[], { most, leaseMs }: ClaimRequest, turn: Turn | null): Promise<Leased[]> {
    const { client, names } = this.place;
    const claimed: Leased[] = [];
    let passed = 0;
    for (const consumer of consumers) {
      for (;;) {
        const room = Math.min(most - claimed.length, turn?.roomForAll() ?? most);
        if (room < 1 || passed >= MOST_PASSED) return claimed;
        const pulled = await pull(client, names.queue, consumer, room);
        if (pulled.length === 0) break;
        const admitted = turn === null ? pulled : pulled.filter((each) => this.#isAdmitted(each, turn));
        passed += pulled.length - admitted.length;
        const taken = await Promise.all(admitted.map((each) => this.#takeOne(each, leaseMs, turn)));
        claimed.push(...taken.filter((leased) => leased !== null));
      }
    }
    return claimed;
  }

  #isAdmitted({ headers, reply }: Pulled, turn: Turn): boolean {
    const { key = null, weight = 1 } = envelopeIn(headers) ?? {};
    const waitMs = turn.admit(key, weight);
    if (waitMs === null) return true;
    this.heldBack = true;
    keepAway(this.place.client, reply, waitMs);
    return false;
  }

  async #takeOne(pulled: Pulled, leaseMs: number, turn: Turn | null): Promise<Leased | null> {
    const leased = await take(this.place, pulled, leaseMs);
    const { key = null, weight = 1 } = envelopeIn(pulled.headers) ?? {};
    if (leased === null) turn?.undo(key, weight);
    return leased;
  }
}

function hasLimits({ all, eachKey, keys }: Limits): boolean {
  return all !== null || eachKey !== null || Object.keys(keys).length > 0;
}
