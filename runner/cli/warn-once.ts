import { printable } from "../support/printable.js";
import type { Io } from "./io.js";

/** The same trouble is told once in so long: it is tried again many times. */
const QUIET_MS = 30_000;

/** Tells a person what went wrong with a store and is tried again. */
export function troubleTeller(io: Io): (error: unknown) => void {
  const told = new Map<string, number>();
  return (error) => {
    const text = error instanceof Error ? error.message : String(error);
    const now = performance.now();
    if (now - (told.get(text) ?? Number.NEGATIVE_INFINITY) < QUIET_MS) return;
    told.set(text, now);
    io.err(`probe-run: ${printable(text)} (it is tried again)\n`);
  };
}
