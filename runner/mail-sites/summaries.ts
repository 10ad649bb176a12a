import { type SiteSummary, summaryOf } from "./profile.js";
import type { BehaviourStore } from "./store.js";

/** A few more observations hardly change a summary of this many, so it is cached for a moment. */
const SETTLED = 100;
const HOLDS_MS = 500;
const MOST = 10_000;

/** Caches the summaries of sites, for thousands of runs per second. */
export class Summaries {
  readonly #held = new Map<string, { readonly madeAt: number; readonly summary: SiteSummary }>();

  constructor(
    readonly store: BehaviourStore,
    readonly now: () => number = Date.now,
  ) {}

  of(site: string): SiteSummary {
    const now = this.now();
    const held = this.#held.get(site);
    if (held !== undefined && Math.abs(now - held.madeAt) < HOLDS_MS) return held.summary;
    const summary = summaryOf(this.store.observations(site), now);
    if (this.#held.size >= MOST) this.#held.clear();
    if (summary.observations >= SETTLED) this.#held.set(site, { madeAt: now, summary });
    return summary;
  }
}
