import type { Violation } from "../support/request-error.js";
import { inPointer } from "../support/violations.js";

/** Deeper than an input is, and far from where a recursive walk would exhaust the stack. */
const MAX_DEPTH = 500;

/** A copy to fill defaults in: the caller's object is not changed. Throws what `refused` makes of everything in it that JSON cannot hold. */
export function jsonCopy(value: unknown, refused: (violations: readonly Violation[]) => Error): unknown {
  try {
    return copied(value, 0);
  } catch (error) {
    throw error instanceof NoJson ? refused(whatIsNoJson(value)) : error;
  }
}

/** Says only that there is something: every run makes a copy, and finds nothing. */
class NoJson extends Error {}

function copied(value: unknown, depth: number): unknown {
  if (value === null || typeof value !== "object") {
    if (typeof value === "bigint") throw new NoJson();
    return value;
  }
  // An object that contains itself has no end.
  if (depth > MAX_DEPTH) throw new NoJson();
  if (Array.isArray(value)) return value.map((item) => copied(item, depth + 1));
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const item = copied((value as Record<string, unknown>)[key], depth + 1);
    // Assigned, this name would set the copy's prototype and so escape validation.
    if (key === "__proto__") Object.defineProperty(copy, key, { value: item, enumerable: true });
    else copy[key] = item;
  }
  return copy;
}

/** Everything in a value that JSON cannot hold; empty if it can hold all of it. */
export function whatIsNoJson(value: unknown): Violation[] {
  const found: Violation[] = [];
  const around = new Set<object>();
  const done = new Set<object>();
  const walk = (inner: unknown, pointer: string): void => {
    if (typeof inner === "bigint") found.push({ pointer, message: "must not be a BigInt, which JSON cannot hold", hint: "write a number or a text" });
    if (inner === null || typeof inner !== "object" || done.has(inner)) return;
    if (around.has(inner)) found.push({ pointer, message: "must not be an object that contains itself, which JSON cannot hold", hint: null });
    else if (around.size > MAX_DEPTH) found.push({ pointer: shortened(pointer), message: `must not be nested more than ${MAX_DEPTH} levels deep`, hint: null });
    else {
      around.add(inner);
      for (const [key, item] of Object.entries(inner)) walk(item, `${pointer}/${inPointer(key)}`);
      around.delete(inner);
      done.add(inner);
    }
  };
  walk(value, "");
  return found;
}

function shortened(pointer: string): string {
  return pointer.length <= 80 ? pointer : `${pointer.slice(0, 80)}…`;
}
