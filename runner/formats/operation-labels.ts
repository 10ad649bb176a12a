import type { Operation } from "../../schemas/operation.js";

/** A probe of many questions has thousands of operations, too many for a time series of each. */
const MOST_OPERATIONS = 200;

/** Operations under names that differ: a second EHLO is `EHLO#2`. */
export function labelledOperations(operations: readonly Operation[]): [label: string, operation: Operation][] {
  const seen = new Map<string, number>();
  return operations.slice(0, MOST_OPERATIONS).map((operation) => {
    const count = (seen.get(operation.name) ?? 0) + 1;
    seen.set(operation.name, count);
    return [count === 1 ? operation.name : `${operation.name}#${count}`, operation];
  });
}
