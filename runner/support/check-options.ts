import { nearest } from "./did-you-mean.js";
import { RequestError, type Violation } from "./request-error.js";

/** What one option of a call must be. */
export interface OptionRule {
  /** Follows "must be". */
  readonly expected: string;
  readonly fits: (value: unknown) => boolean;
}

/** The rules of options by name: every option has one. */
export type OptionRules<Options> = { readonly [Name in keyof Required<Options>]: OptionRule };

/** The longest time that a timer of Node takes. */
const MOST_MS = 2 ** 31 - 1;

export const OPTION = {
  signal: { expected: "an AbortSignal", fits: isSignal },
  object: { expected: "an object", fits: (value) => typeof value === "object" && value !== null },
  function: { expected: "a function", fits: (value) => typeof value === "function" },
  text: { expected: "a text that is not empty", fits: (value) => typeof value === "string" && value !== "" },
  boolean: { expected: "true or false", fits: (value) => typeof value === "boolean" },
  milliseconds: { expected: `a number of milliseconds above 0, and at most ${MOST_MS}`, fits: (value) => isWithin(value, MOST_MS) },
  wholeUpTo: (most: number, least = 1): OptionRule => ({
    expected: `a whole number from ${least} to ${most}`,
    fits: (value) => Number.isInteger(value) && (value as number) >= least && (value as number) <= most,
  }),
} as const satisfies Record<string, OptionRule | ((most: number, least?: number) => OptionRule)>;

/** Throws a RequestError that names everything that is wrong with the options of a call. An option that is undefined is not given. */
export function assertOptions<Options>(call: string, options: unknown, rules: OptionRules<Options>): void {
  const violations = violationsIn(options, rules);
  if (violations.length > 0) throw new RequestError(`the options of ${call} cannot be used`, "usage", violations);
}

function violationsIn(options: unknown, rules: Readonly<Record<string, OptionRule>>): Violation[] {
  if (typeof options !== "object" || options === null || Array.isArray(options))
    return [{ pointer: "", message: `must be an object, not ${shown(options)}`, hint: null }];
  return Object.entries(options).flatMap(([name, value]): Violation[] => {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (rule === undefined) return [unknown(name, Object.keys(rules))];
    if (value === undefined || rule.fits(value)) return [];
    return [{ pointer: `/${name}`, message: `must be ${rule.expected}, not ${shown(value)}`, hint: null }];
  });
}

function unknown(name: string, known: readonly string[]): Violation {
  const near = nearest(name, known, 1)[0];
  const hint = near === undefined ? `the options are: ${known.join(", ")}` : `did you mean ${near}?`;
  return { pointer: `/${name}`, message: "there is no such option", hint };
}

/** What a value is, without its content, which may be secret. */
function shown(value: unknown): string {
  if (value === null || typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value === "string") return value === "" ? "an empty text" : "a text";
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** By its form: the signal may be of another realm, as in a test environment with a DOM. */
function isSignal(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { aborted, addEventListener } = value as Partial<AbortSignal>;
  return typeof aborted === "boolean" && typeof addEventListener === "function";
}

function isWithin(value: unknown, most: number): value is number {
  return typeof value === "number" && value > 0 && value <= most;
}
