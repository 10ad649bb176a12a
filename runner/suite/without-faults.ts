import type { Violation } from "../support/request-error.js";
import { stepsOf } from "./coerce-input.js";

/** Stands for the probe of a check that has none that can be read. */
export const NO_PROBE = "\0";

type Steps = readonly string[];
type Fields = Record<string, unknown>;

/** Where parts of a suite's file were taken out, because they break its contract. */
export class Cuts {
  /** Something that any check may depend on. */
  isEverywhere = false;
  /** Checks, by their index in the file. */
  readonly checks = new Set<number>();

  add(steps: Steps, violation: Violation): void {
    const [field] = steps;
    if (field === "checks" && steps.length > 1) {
      if (steps.length === 2 || OF_A_RUN.has(fieldMeant(steps, 2, violation))) this.checks.add(Number(steps[1]));
    } else if (field === "defaults" && steps.length > 1) this.isEverywhere ||= OF_A_RUN.has(fieldMeant(steps, 1, violation));
    else this.isEverywhere ||= OF_EVERY_RUN.has(fieldMeant(steps, 0, violation));
  }
}

/** The fields that decide which checks there are, and with which inputs. */
const OF_EVERY_RUN: ReadonlySet<unknown> = new Set(["include", "targets", "matrix", "defaults", "checks"]);
const OF_A_RUN: ReadonlySet<unknown> = new Set(["probe", "name", "targets", "input"]);

/** The field at a level of the path; of a misspelled one, the field that was probably meant. */
function fieldMeant(steps: Steps, level: number, { message, hint }: Violation): string | undefined {
  const isUnknown = steps.length === level + 1 && message === "there is no such field";
  return isUnknown ? /^did you mean (\w+)\?/.exec(hint ?? "")?.[1] : steps[level];
}

/** More than the contract of a suite has levels. */
const MAX_ROUNDS = 12;

/**
 * Takes what breaks the contract out of a value, so that one mistake does not hide others. Null: what would be left is no suite.
 * `judge` says what is wrong with a value, and fills in its defaults.
 */
export function withoutFaults(value: unknown, violations: readonly Violation[], judge: (value: unknown) => readonly Violation[]): Cuts | null {
  const cuts = new Cuts();
  let wrong = violations;
  for (let round = 0; wrong.length > 0; round++) {
    if (round === MAX_ROUNDS || !isFields(value)) return null;
    for (const violation of wrong) {
      const steps = stepsOf(violation.pointer);
      if (!takeOut(value, steps)) return null;
      cuts.add(steps, violation);
    }
    wrong = judge(value);
  }
  return cuts;
}

/** False: that is not possible. */
function takeOut(suite: Fields, steps: Steps): boolean {
  const last = steps.at(-1);
  const holder = valueAt(suite, steps.slice(0, -1));
  if (last === undefined) return false;
  if (Array.isArray(holder)) {
    // The others keep their places.
    if (steps.length === 2 && steps[0] === "checks") holder[Number(last)] = { probe: NO_PROBE };
    else return takeOut(suite, steps.slice(0, -1));
  } else if (!isFields(holder)) return holder === undefined;
  else if (Object.hasOwn(holder, last)) delete holder[last];
  else if (steps.length === 1 && last === "name") holder.name = "suite";
  else if (steps.length === 3 && steps[0] === "checks" && last === "probe") holder.probe = NO_PROBE;
  else return takeOut(suite, steps.slice(0, -1));
  return true;
}

/** Undefined: it is not there, or not any more. */
export function valueAt(value: unknown, steps: Steps): unknown {
  let inner = value;
  for (const step of steps) {
    if (inner === null || typeof inner !== "object" || !Object.hasOwn(inner, step)) return undefined;
    inner = (inner as Fields)[step];
  }
  return inner;
}

function isFields(value: unknown): value is Fields {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
