import { isDeepStrictEqual } from "node:util";
import type { ProgramName } from "../../test/support/programs.js";
import type { Figure } from "../support/figure.js";
import { spreadOf } from "../support/statistics.js";

/** Runs a probe as published, and gives its output. */
export type Ask = <Output>(probe: string, input: object) => Promise<Output>;

type Facts = Readonly<Record<string, unknown>>;

/** What a probe and another program report of the same server at the same time, by the name of each fact. */
export interface Beside {
  readonly subject: string;
  readonly peer: string;
  readonly ours: Facts;
  readonly theirs: Facts;
  /** Times that cannot be equal, with the difference that is allowed. */
  readonly differences?: readonly { readonly subject: string; readonly ms: number; readonly mostMs: number }[];
}

export interface Comparison {
  readonly probe: string;
  readonly programs: readonly ProgramName[];
  compare(ask: Ask): Promise<Beside[]>;
}

export function differingFacts({ ours, theirs }: Beside): string[] {
  return Object.keys(theirs).filter((fact) => !isDeepStrictEqual(ours[fact], theirs[fact]));
}

/** A line for the facts, all of which have to be equal, and one for each difference of times. */
export function figuresOf(bench: string, probe: string, beside: Beside): Figure[] {
  const { subject, peer, theirs, differences = [] } = beside;
  const compared = Object.keys(theirs).length;
  const equal = compared - differingFacts(beside).length;
  const common = { bench, peer, skipped: null };
  const facts: Figure = {
    ...{ ...common, name: `${probe}: ${subject}`, unit: "facts", ours: spreadOf([equal]), peers: spreadOf([compared]), ratio: spreadOf([equal / compared]) },
    goal: { of: "ratio", at: "least", value: 1 },
  };
  const times = differences.map(({ subject: what, ms, mostMs }): Figure => {
    const values = { ours: spreadOf([ms]), peers: null, ratio: null };
    return { ...common, name: `${probe}: difference of ${what}`, unit: "ms", ...values, goal: { of: "ours", at: "most", value: mostMs } };
  });
  return [facts, ...times];
}
