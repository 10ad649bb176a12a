import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { Operation } from "../../../schemas/operation.js";
import type { Sample } from "../../report/sample.js";
import type { Ran } from "../../watch/run-check.js";
import type { Report, ReportedRun } from "../../watch/shared/entries.js";

/** The newest run of a check that was made. */
export interface LastRun {
  readonly at: number;
  readonly durationMs: number;
  readonly operations: readonly Pick<Operation, "name" | "at_ms" | "duration_ms">[];
  /** The queue side of its envelope as JSON: no secret is in it. Null if it was not kept. */
  readonly envelope: string | null;
}

interface Kept {
  /** A LastRun as compressed JSON, a character for each byte: of thousands of checks, a page shows one. */
  last: string;
  /** The oldest first. */
  readonly samples: PackedSample[];
}

/** Two numbers for each operation, after the names that it shares with the run before. */
interface PackedSample extends Omit<Sample, "target" | "operations"> {
  readonly names: readonly string[];
  readonly times: readonly number[];
}

interface MadeRun extends Pick<LastRun, "at" | "durationMs" | "envelope"> {
  readonly probe: string;
  readonly run: ReportedRun;
}

/** Of one check, and of all checks together. */
const MOST_RUNS = { each: 60, all: 50_000, least: 5 } as const;
const MOST_ENVELOPE = 32_768;

/** The last runs of each check with their operations, in memory: the history keeps those of failures only. */
export class RecentRuns {
  readonly #kept = new Map<string, Kept>();

  /** A run of this process. */
  add(key: string, { report, isCancelled }: Ran, at: number): void {
    if (report === null || isCancelled) return;
    const { carried, envelope } = report;
    const { status, failure, duration_ms: durationMs, operations } = carried;
    this.#keep(key, { probe: report.probe, at, durationMs, run: { status, failure, operations }, envelope: JSON.stringify(envelope.queue) });
  }

  /** A run of a worker. The log that watches share has the envelopes of failures only. */
  addReported(key: string, { run, durationMs, output }: Report, at: number, probe: string): void {
    if (run !== null && durationMs !== null) this.#keep(key, { probe, at, durationMs, run, envelope: output });
  }

  #keep(key: string, made: MadeRun): void {
    const own = this.#kept.get(key) ?? { last: "", samples: [] };
    own.last = packedRun(made);
    own.samples.push(packedSample(made, own.samples.at(-1)?.names ?? []));
    this.#kept.set(key, own);
    const most = Math.max(MOST_RUNS.least, Math.min(MOST_RUNS.each, Math.floor(MOST_RUNS.all / this.#kept.size)));
    if (own.samples.length > most) own.samples.splice(0, own.samples.length - most);
  }

  of(key: string): { readonly last: LastRun; readonly samples: readonly Sample[] } | null {
    const kept = this.#kept.get(key);
    if (kept === undefined) return null;
    return { last: JSON.parse(inflateRawSync(Buffer.from(kept.last, "latin1")).toString()) as LastRun, samples: kept.samples.map(unpacked) };
  }

  /** Forgets the checks that are no longer watched. */
  keepOnly(keys: ReadonlySet<string>): void {
    for (const key of this.#kept.keys()) if (!keys.has(key)) this.#kept.delete(key);
  }
}

function packedRun({ at, durationMs, run: { operations }, envelope }: MadeRun): string {
  const last: LastRun = { at, durationMs, operations, envelope: (envelope?.length ?? 0) > MOST_ENVELOPE ? null : envelope };
  return deflateRawSync(JSON.stringify(last), { level: 1 }).toString("latin1");
}

function packedSample({ probe, at, durationMs, run }: MadeRun, before: readonly string[]): PackedSample {
  const { status, failure, operations } = run;
  const isSame = operations.length === before.length && operations.every(({ name }, index) => name === before[index]);
  return {
    probe,
    at,
    status,
    durationMs,
    failure: failure === null ? null : { phase: failure.phase, code: failure.code, message: failure.message },
    names: isSame ? before : operations.map(({ name }) => name),
    times: operations.flatMap(({ at_ms: atMs, duration_ms: own }) => [atMs, own ?? Number.NaN]),
  };
}

function unpacked({ names, times, ...rest }: PackedSample): Sample {
  const operations = names.map((name, index) => {
    const [atMs = 0, durationMs = Number.NaN] = times.slice(2 * index, 2 * index + 2);
    return { name, atMs, durationMs: Number.isNaN(durationMs) ? null : durationMs };
  });
  return { ...rest, target: null, operations };
}
