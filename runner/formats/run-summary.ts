import type { Status } from "../../schemas/carried.js";
import type { Report } from "../harness/run.js";
import { counted } from "../support/counted.js";

/** A longer sequence of operations is not shown as a repeated pattern. */
const MAX_OPERATIONS = 20;
const SHARES = [0.5, 0.9, 0.99] as const;

/** Percentiles of more runs than this are those of a sample of this size: a list may be longer than memory. */
const MOST_SAMPLES = 20_000;

/** The summary of many runs, at the end of a list or of a repeated run. */
export class RunSummary {
  readonly #durations = new Sample();
  readonly #operations = new Map<string, Sample>();
  readonly #statuses: Record<Status, number> = { ok: 0, warning: 0, error: 0 };
  #broken = 0;

  /** Null: a run that could not start. */
  add(report: Report | null): void {
    if (report === null) {
      this.#broken += 1;
      return;
    }
    const { status, duration_ms: duration, operations } = report.carried;
    this.#statuses[status] += 1;
    this.#durations.add(duration);
    for (const { name, duration_ms: own } of operations) {
      if (own === null) continue;
      const durations = this.#operations.get(name) ?? new Sample();
      durations.add(own);
      if (this.#operations.size < MAX_OPERATIONS) this.#operations.set(name, durations);
    }
  }

  /** `12 runs: 11 ok, 1 error; p50 12.1 ms, p90 14.0 ms, p99 20.3 ms, max 21.5 ms` */
  line(): string {
    const { ok, warning, error } = this.#statuses;
    const counts = Object.entries({ ok, warning, error, "could not run": this.#broken }).filter(([, count]) => count > 0);
    const runs = counted(this.#durations.count + this.#broken, "run");
    const times = this.#durations.count === 0 ? "" : `; ${percentilesOf(this.#durations)}`;
    return `${runs}: ${counts.map(([name, count]) => `${count} ${name}`).join(", ")}${times}\n`;
  }

  /** Percentiles for each operation that all runs share. */
  operations(): string {
    const rows = [...this.#operations].filter(([, durations]) => durations.count > 1);
    const width = Math.max(0, ...rows.map(([name]) => name.length));
    return rows.map(([name, durations]) => `  ${name.padEnd(width)}  ${percentilesOf(durations)}\n`).join("");
  }
}

/** A limited sample of values, each kept with the same probability (reservoir sampling), and the largest. */
class Sample {
  readonly values: number[] = [];
  count = 0;
  max = Number.NEGATIVE_INFINITY;

  add(value: number): void {
    this.count += 1;
    this.max = Math.max(this.max, value);
    const place = this.count <= MOST_SAMPLES ? this.count - 1 : Math.floor(Math.random() * this.count);
    if (place < MOST_SAMPLES) this.values[place] = value;
  }
}

function percentilesOf({ values, max }: Sample): string {
  const sorted = [...values].sort((a, b) => a - b);
  const shown = [...SHARES.map((share) => [`p${share * 100}`, nearestRank(sorted, share)] as const), ["max", max] as const];
  return shown.map(([name, ms]) => `${name} ${ms.toFixed(1)} ms`).join(", ");
}

/** The smallest value that this share of all values does not exceed. */
function nearestRank(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] as number;
}
