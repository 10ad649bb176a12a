import type { Violation } from "../support/request-error.js";
import type { Substitution } from "./environment.js";
import { spellingOf } from "./scalar-value.js";

/**
 * The environment contains only texts. If a contract rejects the text of a variable, it may require the number or boolean that the text spells, or
 * the text of what was parsed as a number. Writes that into the value, and returns whether anything was written.
 */
export function fitToContract(value: unknown, violations: readonly Violation[], fillingAt: (steps: readonly string[]) => Substitution | null): boolean {
  let changed = false;
  for (const { pointer } of violations) {
    const steps = stepsOf(pointer);
    const filling = fillingAt(steps);
    const last = steps.at(-1);
    const holder = holderOf(value, steps);
    if (filling === null || last === undefined || holder === null) continue;
    const other = typeof holder[last] === "string" ? spellingOf(filling.text) : filling.text;
    if (other === holder[last]) continue;
    holder[last] = other;
    changed = true;
  }
  return changed;
}

/** The steps of a JSON pointer (RFC 6901). */
export function stepsOf(pointer: string): string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function holderOf(value: unknown, steps: readonly string[]): Record<string, unknown> | null {
  let holder = value;
  for (const step of steps.slice(0, -1)) holder = (holder as Record<string, unknown> | null | undefined)?.[step];
  return holder !== null && typeof holder === "object" ? (holder as Record<string, unknown>) : null;
}
