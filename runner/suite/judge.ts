import type { Carried } from "../../schemas/carried.js";
import type { Failure } from "../../schemas/failure.js";
import type { Expectation } from "../../schemas/suite.js";
import { failedAssertions, show } from "../assertions/assertions.js";
import { parseFieldPath, valueAt } from "./field-path.js";
import { reasonOf } from "./reason.js";

/** A result that differs from a check's expectation. */
export interface Mismatch {
  /** Where the check states the expectation: a path inside its `expect`, or empty for the default. */
  readonly path: readonly string[];
  readonly message: string;
}

/** The failed expectations of a run; empty if the check passes. */
export function mismatches(expected: Expectation | undefined, carried: Carried, output: unknown): Mismatch[] {
  return [...statusMismatches(expected, carried), ...failureMismatches(expected?.failure, carried.failure), ...outputMismatches(expected?.output, output)];
}

function statusMismatches(expected: Expectation | undefined, carried: Carried): Mismatch[] {
  const { status } = carried;
  const reason = reasonOf(carried);
  const got = `got ${status}${reason === null ? "" : ` (${reason})`}`;
  const wanted = expected?.status;
  if (wanted !== undefined) return status === wanted ? [] : [{ path: ["status"], message: `status: expected ${wanted}, ${got}` }];
  // A check that expects a failure also expects the status error; the failure's own lines say more.
  if (expected?.failure !== undefined) return status === "error" ? [] : [{ path: ["failure"], message: `status: expected error, ${got}` }];
  return status === "error" ? [{ path: [], message: `status: expected ok or warning, ${got}` }] : [];
}

function failureMismatches(expected: Partial<Failure> | undefined, actual: Failure | null): Mismatch[] {
  return Object.entries(expected ?? {}).flatMap(([name, wanted]) => {
    const found = actual?.[name as keyof Failure];
    return found === wanted
      ? []
      : [{ path: ["failure", name], message: `failure.${name}: expected ${show(wanted)}, got ${actual === null ? "no failure" : show(found)}` }];
  });
}

function outputMismatches(expected: Readonly<Record<string, unknown>> | undefined, output: unknown): Mismatch[] {
  return Object.entries(expected ?? {}).flatMap(([field, wanted]) => {
    const found = valueAt(output, parseFieldPath(field));
    const phrases = failedAssertions(wanted, found);
    return phrases.length === 0 ? [] : [{ path: ["output", field], message: `${field}: expected ${phrases.join(" and ")}, got ${show(found)}` }];
  });
}
