import { isDeepStrictEqual } from "node:util";
import { runInNewContext } from "node:vm";
import type { Assertion } from "../../schemas/assertion.js";

/** Assertions about one value, or the value itself. */
export type Expected = unknown;

/** The assertions that fail, one phrase each: `a number below 200`. */
export function failedAssertions(expected: Expected, actual: unknown): string[] {
  return Object.entries(assertionsOf(expected)).flatMap(([name, operand]) => {
    const { holds, phrase } = ASSERTIONS[name as keyof Assertion];
    return holds(actual, operand as never) ? [] : [phrase(show(operand))];
  });
}

function assertionsOf(expected: Expected): Assertion {
  return expected !== null && typeof expected === "object" && !Array.isArray(expected) ? (expected as Assertion) : { equals: expected };
}

/** A value of an output as a message shows it. */
export function show(value: unknown): string {
  if (value === undefined) return "no such field";
  const text = JSON.stringify(value);
  return text.length <= MAX_SHOWN_CHARACTERS ? text : `${text.slice(0, MAX_SHOWN_CHARACTERS)}… (${text.length} characters)`;
}

const MAX_SHOWN_CHARACTERS = 200;

interface Kind<Operand> {
  holds(actual: unknown, operand: Operand): boolean;
  phrase(operand: string): string;
}

const min: Kind<number> = { holds: (actual, limit) => typeof actual === "number" && actual >= limit, phrase: (operand) => `a number of at least ${operand}` };
const max: Kind<number> = { holds: (actual, limit) => typeof actual === "number" && actual <= limit, phrase: (operand) => `a number of at most ${operand}` };
const oneOf: Kind<unknown[]> = {
  holds: (actual, values) => values.some((value) => isDeepStrictEqual(actual, value)),
  phrase: (operand) => `one of ${operand}`,
};
const isAbsent = (actual: unknown): boolean => actual === undefined || actual === null;

const ASSERTIONS: { readonly [Name in keyof Assertion]-?: Kind<NonNullable<Assertion[Name]>> } = {
  equals: { holds: (actual, operand) => isDeepStrictEqual(actual, operand), phrase: (operand) => operand },
  contains: { holds: contains, phrase: (operand) => `something that contains ${operand}` },
  matches: { holds: (actual, pattern) => typeof actual === "string" && matches(actual, pattern), phrase: (operand) => `a text that matches ${operand}` },
  in: oneOf,
  min,
  max,
  above: { holds: (actual, limit) => typeof actual === "number" && actual > limit, phrase: (operand) => `a number above ${operand}` },
  below: { holds: (actual, limit) => typeof actual === "number" && actual < limit, phrase: (operand) => `a number below ${operand}` },
  absent: { holds: (actual, wanted) => isAbsent(actual) === wanted, phrase: (operand) => (operand === "true" ? "no value" : "a value") },
  at_least: min,
  at_most: max,
  one_of: oneOf,
  exists: { holds: (actual, wanted) => isAbsent(actual) !== wanted, phrase: (operand) => (operand === "true" ? "a value" : "no value") },
};

function contains(actual: unknown, part: unknown): boolean {
  if (typeof actual === "string") return typeof part === "string" && actual.includes(part);
  return Array.isArray(actual) && actual.some((item) => isDeepStrictEqual(item, part));
}

const MAX_MATCHED_CHARACTERS = 4096;
const MAX_MATCHING_MS = 500;

/** The text comes from the network: an expression that takes too long on it is stopped, and does not match. */
export function matches(text: string, pattern: string, mostCharacters = MAX_MATCHED_CHARACTERS): boolean {
  const sandbox = { text: text.slice(0, mostCharacters), pattern };
  try {
    return runInNewContext('new RegExp(pattern, "u").test(text)', sandbox, { timeout: MAX_MATCHING_MS }) === true;
  } catch {
    return false;
  }
}

/** What the groups of an expression matched, by name and number. */
export type PatternGroups = Record<string, string>;

/** The groups of the first match, or null if there is none in the text's first characters. The limits are those of `matches`. */
export function groupsOf(text: string, pattern: string): PatternGroups | null {
  const sandbox = { text: text.slice(0, MAX_MATCHED_CHARACTERS), pattern };
  const code = 'const found = new RegExp(pattern, "u").exec(text); JSON.stringify(found === null ? null : [[...found], found.groups ?? {}])';
  try {
    const found = JSON.parse(runInNewContext(code, sandbox, { timeout: MAX_MATCHING_MS }) as string) as [(string | null)[], Record<string, string>] | null;
    if (found === null) return null;
    const numbered = found[0].slice(1).flatMap((value, index) => (value === null ? [] : [[String(index + 1), value] as const]));
    return { ...Object.fromEntries(numbered), ...found[1] };
  } catch {
    return null;
  }
}
