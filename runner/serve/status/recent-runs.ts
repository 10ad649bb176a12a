import type { Operation } from "../../../schemas/operation.js";
import type { Report } from "../../harness/run.js";
import type { Sample } from "../../report/sample.js";
import type { Ran } from "../../watch/run-check.js";

/** The newest run of a check that was made. */
export interface LastRun {
  readonly at: number;
  readonly durationMs: number;
  readonly operations: readonly Operation[];
  /** The queue side of its envelope as JSON: no secret is in it. Null if it is too large to keep. */
  readonly envelope: string | null;
}

interface Kept {
  last: LastRun;
  /** The oldest first. */
  readonly samples: Sample[];
}

/** Of one check, and of all checks together. */
const MOST_RUNS = { each: 60, all: 50_000, least: 5 } as const;
const MOST_ENVELOPE = 32_768;

/** The last runs of each check with their operations, in memory: the history keeps those of failures only. */
export class RecentRuns {
  readonly #kept = new Map<string, Kept>();

  add(key: string, { report, isCancelled }: Ran, at: number): void {
    if (report === null || isCancelled) return;
    const { carried, envelope } = report;
    const json = JSON.stringify(envelope.queue);
    const last = { at, durationMs: carried.duration_ms, operations: carried.operations, envelope: json.length > MOST_ENVELOPE ? null : json };
    const own = this.#kept.get(key) ?? { last, samples: [] };
    own.last = last;
    own.samples.push(sampleFrom(report, at));
    const most = Math.max(MOST_RUNS.least, Math.min(MOST_RUNS.each, Math.floor(MOST_RUNS.all / this.#kept.size)));
    if (own.samples.length > most) own.samples.splice(0, own.samples.length - most);
    this.#kept.set(key, own);
  }

  of(key: string): { readonly last: LastRun; readonly samples: readonly Sample[] } | null {
    return this.#kept.get(key) ?? null;
  }

  /** Forgets the checks that are no longer watched. */
  keepOnly(keys: ReadonlySet<string>): void {
    for (const key of this.#kept.keys()) if (!keys.has(key)) this.#kept.delete(key);
  }
}

function sampleFrom({ probe, carried }: Report, at: number): Sample {
  const { status, failure, duration_ms: durationMs, operations } = carried;
  return {
    probe,
    target: null,
    at,
    status,
    durationMs,
    failure: failure === null ? null : { phase: failure.phase, code: failure.code, message: failure.message },
    operations: operations.map(({ name, at_ms: atMs, duration_ms: own }) => ({ name, atMs, durationMs: own })),
  };
}
