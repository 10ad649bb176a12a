import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Limits } from "../limits/limits.js";
import { limitsOf } from "./limits.js";
import type { BehaviourStore } from "./store.js";

/** How many batches run at once, each on one connection, in all processes that open the same behaviour store: together and for each site. */
export class SharedPlaces {
  constructor(
    readonly store: Pick<BehaviourStore, "takePlaces" | "renewPlaces" | "givePlacesBack">,
    readonly limits: Limits,
  ) {}

  /** Resolves when there is a place for a batch of the site, with how to give it back; with null when the signal aborts first. */
  async enter(site: string, signal: AbortSignal): Promise<(() => void) | null> {
    const wanted = limitsOf(this.limits, site).flatMap(([key, { atOnce }]): [string, number][] => (atOnce === null ? [] : [[key, atOnce]]));
    const holder = randomUUID();
    while (!signal.aborted) {
      if (this.store.takePlaces(holder, wanted, LIFE_MS)) return this.#held(holder);
      // Several processes that wait for one place do not look in step.
      await sleep(LOOK_AGAIN_MS * (0.5 + Math.random()), undefined, { signal }).catch(() => undefined);
    }
    return null;
  }

  #held(holder: string): () => void {
    const renewing = setInterval(() => this.store.renewPlaces(holder, LIFE_MS), LIFE_MS / 4);
    return () => {
      clearInterval(renewing);
      this.store.givePlacesBack(holder);
    };
  }
}

/** After a process was killed, its places are free again after this time. */
const LIFE_MS = 30_000;
const LOOK_AGAIN_MS = 250;
