import type { PlannedCheck } from "./plan.js";

/** The checks of these targets; all of them if none is given. */
export function checksOf(checks: readonly PlannedCheck[], targets: readonly string[]): readonly PlannedCheck[] {
  return targets.length === 0 ? checks : checks.filter(({ target }) => target !== null && targets.includes(target));
}

const PLAIN = /^[\w.-]+$/;

/** A plain word matches whole words, so mx1 does not match mx10; anything else is a regular expression. */
export function namePattern(written: string): string {
  return PLAIN.test(written) ? `(?<![\\w.-])${written.replaceAll(".", "\\.")}(?![\\w.-])` : written;
}
