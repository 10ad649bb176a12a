import type { Operation } from "../../schemas/operation.js";
import { numberedNames } from "../support/numbered-names.js";

/** A probe of many questions has thousands of operations, too many for a time series of each. */
const MOST_OPERATIONS = 200;

/** Operations under names that differ: a second EHLO is `EHLO#2`. */
export function labelledOperations(operations: readonly Operation[]): [label: string, operation: Operation][] {
  const some = operations.slice(0, MOST_OPERATIONS);
  const labels = numberedNames(some.map(({ name }) => name));
  return some.map((operation, index) => [labels[index] as string, operation]);
}
