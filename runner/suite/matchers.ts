import { isDeepStrictEqual } from "node:util";
import { runInNewContext } from "node:vm";
import type { Matcher } from "../../schemas/suite.js";

/** A matcher as it is written, or the very value. */
export type Expected = unknown;

/** What a value should have been and is not, one phrase a matcher: `below 200`. None when it is as expected. */
export function unmet(expected: Expected, actual: unknown): string[] {
  return Object.entries(matcherOf(expected)).flatMap(([name, operand]) => {
    const { holds, phrase } = MATCHERS[name as keyof Matcher];
    return holds(actual, operand as never) ? [] : [phrase(show(operand))];
  });
}

function matcherOf(expected: Expected): Matcher {
  return expected !== null && typeof expected === "object" && !Array.isArray(expected) ? (expected as Matcher) : { equals: expected };
}

/** Why a matcher can never be used, or null. */
export function unusable(expected: Expected): string | null {
  const { matches } = matcherOf(expected);
  if (typeof matches !== "string") return null;
  try {
    new RegExp(matches, "u");
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

/** A value of an output as a message shows it. */
export function show(value: unknown): string {
  if (value === undefined) return "no such field";
  const text = JSON.stringify(value);
  return text.length <= MOST_SHOWN_CHARACTERS ? text : `${text.slice(0, MOST_SHOWN_CHARACTERS)}… (${text.length} characters)`;
}

const MOST_SHOWN_CHARACTERS = 200;

interface Kind<Operand> {
  holds(actual: unknown, operand: Operand): boolean;
  phrase(operand: string): string;
}

const MATCHERS: { readonly [Name in keyof Matcher]-?: Kind<NonNullable<Matcher[Name]>> } = {
  equals: { holds: (actual, operand) => isDeepStrictEqual(actual, operand), phrase: (operand) => operand },
  contains: { holds: contains, phrase: (operand) => `something that contains ${operand}` },
  matches: { holds: (actual, pattern) => typeof actual === "string" && matches(actual, pattern), phrase: (operand) => `a text that matches ${operand}` },
  above: { holds: (actual, limit) => typeof actual === "number" && actual > limit, phrase: (operand) => `a number above ${operand}` },
  at_least: { holds: (actual, limit) => typeof actual === "number" && actual >= limit, phrase: (operand) => `a number of at least ${operand}` },
  below: { holds: (actual, limit) => typeof actual === "number" && actual < limit, phrase: (operand) => `a number below ${operand}` },
  at_most: { holds: (actual, limit) => typeof actual === "number" && actual <= limit, phrase: (operand) => `a number of at most ${operand}` },
  one_of: { holds: (actual, values) => values.some((value) => isDeepStrictEqual(actual, value)), phrase: (operand) => `one of ${operand}` },
  exists: {
    holds: (actual, wanted) => (actual !== undefined && actual !== null) === wanted,
    phrase: (operand) => (operand === "true" ? "a value" : "no value"),
  },
};

function contains(actual: unknown, part: unknown): boolean {
  if (typeof actual === "string") return typeof part === "string" && actual.includes(part);
  return Array.isArray(actual) && actual.some((item) => isDeepStrictEqual(item, part));
}

const MOST_MATCHED_CHARACTERS = 4096;
const MOST_MATCHING_MS = 500;

/** The text comes from somebody else's server: an expression that it makes backtrack for ever is stopped. */
function matches(text: string, pattern: string): boolean {
  const sandbox = { text: text.slice(0, MOST_MATCHED_CHARACTERS), pattern };
  try {
    return runInNewContext('new RegExp(pattern, "u").test(text)', sandbox, { timeout: MOST_MATCHING_MS }) === true;
  } catch {
    return false;
  }
}
