import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Limits } from "../limits/limits.js";
import { limitsOf } from "./limits.js";
import type { BehaviourStore } from "./store.js";

/**
 * Limits the number of simultaneous batches, each on one connection, of all processes that use the same behaviour store: in total and for each site.
 */
export class SharedSlots {
  constructor(
    readonly store: Pick<BehaviourStore, "takeSlots" | "renewSlots" | "returnSlots">,
    readonly limits: Limits,
  ) {}

  /** Resolves with a function that releases the slot; with null if the signal aborts first. */
  async enter(site: string, signal: AbortSignal): Promise<(() => void) | null> {
    const wanted = limitsOf(this.limits, site).flatMap(([key, { atOnce }]): [string, number][] => (atOnce === null ? [] : [[key, atOnce]]));
    const holder = randomUUID();
    while (!signal.aborted) {
      if (this.store.takeSlots(holder, wanted, LIFE_MS)) return this.#held(holder);
      // Jitter, so that waiting processes do not poll at the same time.
      await sleep(POLL_MS * (0.5 + Math.random()), undefined, { signal }).catch(() => undefined);
    }
    return null;
  }

  #held(holder: string): () => void {
    const renewing = setInterval(() => this.store.renewSlots(holder, LIFE_MS), LIFE_MS / 4);
    return () => {
      clearInterval(renewing);
      this.store.returnSlots(holder);
    };
  }
}

/** After a process was killed, its slots are freed after this time. */
const LIFE_MS = 30_000;
const POLL_MS = 250;
