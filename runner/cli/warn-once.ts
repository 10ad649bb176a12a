import { printable } from "../support/printable.js";
import type { Io } from "./io.js";

/** The same error is printed once in this time, however often it is retried. */
const QUIET_MS = 30_000;

/** Prints the errors of a store that are retried. */
export function retryWarner(io: Io): (error: unknown) => void {
  const warnedAt = new Map<string, number>();
  return (error) => {
    const text = error instanceof Error ? error.message : String(error);
    const now = performance.now();
    if (now - (warnedAt.get(text) ?? Number.NEGATIVE_INFINITY) < QUIET_MS) return;
    warnedAt.set(text, now);
    io.err(`probe-run: ${printable(text)} (retrying)\n`);
  };
}
