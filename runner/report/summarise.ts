import { numberedNames } from "../support/numbered-names.js";
import type { Sample } from "./sample.js";

/** Percentiles of some durations, in milliseconds. */
export interface Spread {
  readonly count: number;
  readonly least: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly most: number;
}

export interface OperationSummary {
  readonly name: string;
  readonly spread: Spread;
  /** When it usually begins, since the start of the run. */
  readonly startMs: number;
}

export interface Group {
  readonly name: string;
  readonly count: number;
  readonly failed: number;
  readonly spread: Spread | null;
}

export interface Summary {
  readonly count: number;
  readonly statuses: Readonly<Record<Sample["status"], number>>;
  readonly from: number | null;
  readonly until: number | null;
  /** Null without results. */
  readonly spread: Spread | null;
  /** In the order in which they usually begin. */
  readonly operations: readonly OperationSummary[];
  /** The most frequent first. */
  readonly failures: readonly { readonly phase: string; readonly code: string; readonly count: number; readonly message: string }[];
  /** By target, those that failed most often first. */
  readonly targets: readonly Group[];
  readonly durations: readonly number[];
}

const MOST_OPERATIONS = 60;
const MOST_FAILURES = 100;
const MOST_TARGETS = 500;

export function summarise(samples: readonly Sample[]): Summary {
  const moments = samples.flatMap(({ at }) => at ?? []);
  const durations = samples.map(({ durationMs }) => durationMs).sort(ascending);
  const statuses = { ok: 0, warning: 0, error: 0 };
  for (const { status } of samples) statuses[status] += 1;
  return {
    count: samples.length,
    statuses,
    from: moments.length === 0 ? null : moments.reduce((a, b) => Math.min(a, b)),
    until: moments.length === 0 ? null : moments.reduce((a, b) => Math.max(a, b)),
    spread: spreadOf(durations),
    operations: operationsOf(samples),
    failures: failuresOf(samples),
    targets: targetsOf(samples),
    durations,
  };
}

/** Nearest rank: a percentile is a value that was measured. The values are sorted. */
export function spreadOf(sorted: readonly number[]): Spread | null {
  const rank = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] as number;
  if (sorted.length === 0) return null;
  return { count: sorted.length, least: sorted[0] as number, p50: rank(0.5), p90: rank(0.9), p99: rank(0.99), most: sorted.at(-1) as number };
}

/** A second operation of a name within a run is one of its own: EHLO#2. */
function operationsOf(samples: readonly Sample[]): OperationSummary[] {
  const found = new Map<string, { starts: number[]; durations: number[] }>();
  for (const { operations } of samples) {
    const labels = numberedNames(operations.map(({ name }) => name));
    for (const [index, { atMs, durationMs }] of operations.entries()) {
      const label = labels[index] as string;
      const own = found.get(label) ?? { starts: [], durations: [] };
      if (durationMs !== null && (found.has(label) || found.size < MOST_OPERATIONS)) {
        own.starts.push(atMs);
        own.durations.push(durationMs);
        found.set(label, own);
      }
    }
  }
  const summaries = [...found].map(([name, { starts, durations }]) => ({
    name,
    spread: spreadOf(durations.sort(ascending)) as Spread,
    startMs: (spreadOf(starts.sort(ascending)) as Spread).p50,
  }));
  return summaries.sort((a, b) => a.startMs - b.startMs);
}

function failuresOf(samples: readonly Sample[]): Summary["failures"] {
  const found = new Map<string, { phase: string; code: string; count: number; message: string }>();
  for (const { failure, status } of samples) {
    if (failure === null && status !== "error") continue;
    const { phase, code, message } = failure ?? { phase: "–", code: "expectation", message: "not as expected" };
    const key = JSON.stringify([phase, code]);
    const own = found.get(key);
    if (own !== undefined) own.count += 1;
    else found.set(key, { phase, code, count: 1, message });
  }
  return [...found.values()].sort((a, b) => b.count - a.count).slice(0, MOST_FAILURES);
}

function targetsOf(samples: readonly Sample[]): Group[] {
  const found = new Map<string, { durations: number[]; failed: number }>();
  for (const { target, status, durationMs } of samples) {
    const name = target ?? "(no target)";
    const own = found.get(name) ?? { durations: [], failed: 0 };
    own.durations.push(durationMs);
    own.failed += Number(status === "error");
    found.set(name, own);
  }
  const groups = [...found].map(([name, { durations, failed }]) => ({ name, count: durations.length, failed, spread: spreadOf(durations.sort(ascending)) }));
  return groups.sort((a, b) => b.failed - a.failed || b.count - a.count).slice(0, MOST_TARGETS);
}

function ascending(a: number, b: number): number {
  return a - b;
}
