import { setTimeout as sleep } from "node:timers/promises";
import type { Limits, Rate } from "../limits/limits.js";
import type { BehaviourStore } from "./store.js";

/**
 * The rate at which addresses are asked about, shared by all processes that open the same behaviour store: together and for each site. Each address is
 * one token. A batch that takes more than there is starts, and those after it wait until its debt is paid.
 */
export class SharedRate {
  constructor(
    readonly store: Pick<BehaviourStore, "takeTokens">,
    readonly limits: Limits,
  ) {}

  /** Resolves when `count` addresses of the site may be asked about, or when the signal aborts. */
  async take(site: string, count: number, signal: AbortSignal): Promise<void> {
    const { all, eachKey, keys } = this.limits;
    const rates: [key: string, rate: Rate][] = [];
    for (const [key, limit] of [["all", all] as const, [`site ${site}`, keys[site] ?? eachKey] as const]) if (limit?.rate) rates.push([key, limit.rate]);
    while (!signal.aborted) {
      const waitMs = this.store.takeTokens(rates, count);
      if (waitMs === 0) return;
      await sleep(Math.min(waitMs, LOOK_AGAIN_MS), undefined, { signal }).catch(() => undefined);
    }
  }
}

/** The clock of the machine may be set, and another process may end. */
const LOOK_AGAIN_MS = 5000;
