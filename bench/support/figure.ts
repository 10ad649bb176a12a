import type { Spread } from "./statistics.js";

/** The goal of a figure: our value itself, or its ratio to the peer's. */
export interface Goal {
  readonly of: "ours" | "ratio";
  readonly at: "least" | "most";
  readonly value: number;
}

export type Unit =
  | "probes/s"
  | "addresses/s"
  | "servers"
  | "look-ups/s"
  | "jobs/s"
  | "messages/s"
  | "domains/s"
  | "questions"
  | "facts"
  | "answers"
  | "slots"
  | "transactions"
  | "µs"
  | "ms"
  | "KiB";

/** One line of the result. */
export interface Figure {
  readonly bench: string;
  readonly name: string;
  readonly unit: Unit;
  readonly ours: Spread | null;
  /** Who was measured beside us. */
  readonly peer: string;
  readonly peers: Spread | null;
  /** Ours divided by the peer's. */
  readonly ratio: Spread | null;
  readonly goal: Goal | null;
  /** Why it was not measured, and how to get it measured. */
  readonly skipped: string | null;
}

export type Verdict = "met" | "missed" | "skipped" | "shown";

export function verdictOf({ goal, ours, ratio, skipped }: Figure): Verdict {
  if (skipped !== null) return "skipped";
  if (goal === null) return "shown";
  const spread = goal.of === "ours" ? ours : ratio;
  if (spread === null) throw new Error(`a goal for the ${goal.of}, which was not measured`);
  const met = goal.at === "least" ? spread.median >= goal.value : spread.median <= goal.value;
  return met ? "met" : "missed";
}
