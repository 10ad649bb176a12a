import { isDeepStrictEqual } from "node:util";
import { createContext, Script } from "node:vm";
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

/** The values that an expectation names as right. */
export function expectedValues(expected: Expected): unknown[] {
  const { equals, in: list = [], one_of: older = [] } = assertionsOf(expected);
  return [...(equals === undefined ? [] : [equals]), ...list, ...older];
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
  return firstMatch(text, pattern, mostCharacters) !== null;
}

/** What an expression matches first in the text's first characters; null if that is nothing. The limits are those of `matches`. */
export function firstMatch(text: string, pattern: string, mostCharacters = MAX_MATCHED_CHARACTERS): string | null {
  return lineMatcher(pattern, mostCharacters)([text])?.matched ?? null;
}

/** What the groups of an expression matched, by name and number. */
export type PatternGroups = Record<string, string>;

export interface MatchingLine {
  readonly index: number;
  readonly matched: string;
  readonly groups: PatternGroups;
}

const FIND = `(() => {
  const expression = new RegExp(pattern, "u");
  for (const [index, line] of lines.entries()) {
    const found = expression.exec(line);
    if (found !== null) return JSON.stringify({ index, all: [...found], named: found.groups ?? {} });
  }
  return "null";
})()`;

/** Finds the first of some lines that an expression matches. The sandbox, which takes long to make, serves all calls; the limits of time are each call's. */
export function lineMatcher(pattern: string, mostCharacters = MAX_MATCHED_CHARACTERS): (lines: readonly string[]) => MatchingLine | null {
  const sandbox = createContext({ lines: [] as string[], pattern });
  const script = new Script(FIND);
  return (lines) => {
    sandbox.lines = lines.map((line) => line.slice(0, mostCharacters));
    try {
      return lineOf(JSON.parse(script.runInContext(sandbox, { timeout: MAX_MATCHING_MS }) as string));
    } catch {
      return null;
    }
  };
}

function lineOf(found: { index: number; all: [string, ...(string | null)[]]; named: PatternGroups } | null): MatchingLine | null {
  if (found === null) return null;
  const { index, all, named } = found;
  const numbered = all.slice(1).flatMap((value, at) => (value === null ? [] : [[String(at + 1), value] as const]));
  return { index, matched: all[0], groups: { ...Object.fromEntries(numbered), ...named } };
}
