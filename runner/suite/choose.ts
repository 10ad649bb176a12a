import { RequestError } from "../support/request-error.js";
import type { PlannedCheck } from "./plan.js";
import { isTarget } from "./targets.js";

/** Which checks run. An empty list, or none, selects all. */
export interface Choice {
  readonly targets?: readonly string[] | undefined;
  /** Checks with at least one of them. */
  readonly tags?: readonly string[] | undefined;
}

/** The checks of these targets with one of these tags. With a matrix, a part of a target's name selects all targets that have it. */
export function checksOf(checks: readonly PlannedCheck[], { targets = [], tags = [] }: Choice): readonly PlannedCheck[] {
  return checks
    .filter((check) => targets.length === 0 || targets.some((given) => isTarget({ name: check.target ?? "", labels: check.labels }, given)))
    .filter((check) => tags.length === 0 || check.tags.some((tag) => tags.includes(tag)));
}

const PLAIN = /^[\w.-]+$/;

/** A plain word matches whole words, so mx1 does not match mx10; anything else is a regular expression. */
export function namePattern(written: string): string {
  if (PLAIN.test(written)) return `(?<![\\w.-])${written.replaceAll(".", "\\.")}(?![\\w.-])`;
  try {
    new RegExp(written);
    return written;
  } catch (error) {
    throw new RequestError(`-t ${JSON.stringify(written)} is not a regular expression`, "usage", [
      { pointer: "", message: (error as Error).message, hint: "a word needs no regular expression: it selects the checks that have it as a whole word" },
    ]);
  }
}
