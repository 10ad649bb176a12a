import { DOMAIN_REPORT_LIMITS as LIMITS } from "./limits.js";

/** Deviations of a report from its standard, each once, up to a bound. */
export class Problems {
  readonly #found = new Set<string>();

  add(problem: string): void {
    if (this.#found.size < LIMITS.problems) this.#found.add(problem);
  }

  get list(): string[] {
    return [...this.#found];
  }
}
