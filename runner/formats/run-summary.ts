import type { Status } from "../../schemas/carried.js";
import type { Report } from "../harness/run.js";
import { counted } from "../support/counted.js";

/** More steps than this are not a pattern that repeats. */
const MOST_OPERATIONS = 20;
const SHARES = [0.5, 0.9, 0.99] as const;

/** What many runs had in common, for the end of a list or of a repeated run. */
export class RunSummary {
  readonly #durations: number[] = [];
  readonly #operations = new Map<string, number[]>();
  readonly #statuses: Record<Status, number> = { ok: 0, warning: 0, error: 0 };
  #broken = 0;

  /** Null: a run that could not be made. */
  add(report: Report | null): void {
    if (report === null) {
      this.#broken += 1;
      return;
    }
    const { status, duration_ms: duration, operations } = report.carried;
    this.#statuses[status] += 1;
    this.#durations.push(duration);
    for (const { name, duration_ms: own } of operations) {
      if (own === null) continue;
      const durations = this.#operations.get(name) ?? [];
      durations.push(own);
      if (this.#operations.size < MOST_OPERATIONS) this.#operations.set(name, durations);
    }
  }

  /** `12 runs: 11 ok, 1 error; p50 12.1 ms, p90 14.0 ms, p99 20.3 ms, max 21.5 ms` */
  line(): string {
    const { ok, warning, error } = this.#statuses;
    const counts = Object.entries({ ok, warning, error, "could not run": this.#broken }).filter(([, count]) => count > 0);
    const runs = counted(this.#durations.length + this.#broken, "run");
    const times = this.#durations.length === 0 ? "" : `; ${percentilesOf(this.#durations)}`;
    return `${runs}: ${counts.map(([name, count]) => `${count} ${name}`).join(", ")}${times}\n`;
  }

  /** The same percentiles for each operation that every run repeats. */
  operations(): string {
    const rows = [...this.#operations].filter(([, durations]) => durations.length > 1);
    const width = Math.max(0, ...rows.map(([name]) => name.length));
    return rows.map(([name, durations]) => `  ${name.padEnd(width)}  ${percentilesOf(durations)}\n`).join("");
  }
}

function percentilesOf(durations: readonly number[]): string {
  const sorted = [...durations].sort((a, b) => a - b);
  const shown = [...SHARES.map((share) => [`p${share * 100}`, nearestRank(sorted, share)] as const), ["max", sorted.at(-1) as number] as const];
  return shown.map(([name, ms]) => `${name} ${ms.toFixed(1)} ms`).join(", ");
}

/** The smallest value that this share of all values does not exceed. */
function nearestRank(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] as number;
}
