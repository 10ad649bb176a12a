import { setTimeout as sleep } from "node:timers/promises";
import type { Limits, Rate } from "../limits/limits.js";
import { limitsOf } from "./limits.js";
import type { BehaviourStore } from "./store.js";

/**
 * The rate limit of all processes that use the same behaviour store: in total and for each site. Each address is one token. A batch that takes more
 * tokens than there are starts, and later ones wait until its debt is paid; within the batch, `interval_ms` sets the pace.
 */
export class SharedRate {
  constructor(
    readonly store: Pick<BehaviourStore, "takeTokens" | "spendTokens">,
    readonly limits: Limits,
  ) {}

  /** Resolves when `count` addresses of the site may be checked, or when the signal aborts. */
  async take(site: string, count: number, signal: AbortSignal): Promise<void> {
    const rates = this.#rates(site);
    while (!signal.aborted) {
      const waitMs = this.store.takeTokens(rates, count);
      if (waitMs === 0) return;
      await sleep(Math.min(waitMs, LOOK_AGAIN_MS), undefined, { signal }).catch(() => undefined);
    }
  }

  /** A batch has checked `asked` addresses, and had taken `taken` tokens for them: the difference is taken or returned. */
  settle(site: string, taken: number, asked: number): void {
    if (asked !== taken) this.store.spendTokens(this.#rates(site), asked - taken);
  }

  #rates(site: string): [key: string, rate: Rate][] {
    return limitsOf(this.limits, site).flatMap(([key, { rate }]) => (rate === null ? [] : [[key, rate]]));
  }
}

/** The wall clock may be set, and another process may end. */
const LOOK_AGAIN_MS = 5000;
