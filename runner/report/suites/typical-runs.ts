import type { Sample } from "../sample.js";
import { type OperationSummary, summarise } from "../summarise.js";
import { type CheckRun, lastTry, type SuiteRun, triedSample } from "./suite-run.js";

/** What a run is drawn beside: the other runs of the same check, on other targets and in earlier tries. */
export class TypicalRuns {
  readonly #samples = new Map<CheckRun, { readonly own: Sample | null; readonly all: readonly Sample[] }>();

  constructor(suites: readonly SuiteRun[]) {
    for (const { checks } of suites) {
      const byName = new Map<string, Sample[]>();
      for (const check of checks) {
        const all = byName.get(check.name) ?? [];
        byName.set(check.name, all);
        const samples = check.tries.map((tried) => triedSample(check, tried));
        all.push(...samples.filter((sample) => sample !== null));
        this.#samples.set(check, { own: lastTry(check) === null ? null : (samples.at(-1) ?? null), all });
      }
    }
  }

  besides(check: CheckRun): readonly OperationSummary[] {
    const { own, all } = this.#samples.get(check) ?? { own: null, all: [] };
    return summarise(all.filter((sample) => sample !== own)).operations;
  }
}
