import { deflateRawSync, inflateRawSync } from "node:zlib";
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

/** Of one check, and of all checks together. */
const MOST_RUNS = { each: 60, all: 50_000, least: 5 } as const;
const MOST_ENVELOPE = 32_768;

/** The last runs of each check with their operations, in memory: the history keeps those of failures only. */
export class RecentRuns {
  readonly #kept = new Map<string, Kept>();

  add(key: string, { report, isCancelled }: Ran, at: number): void {
    if (report === null || isCancelled) return;
    const own = this.#kept.get(key) ?? { last: "", samples: [] };
    own.last = packedRun(report, at);
    own.samples.push(packedSample(report, at, own.samples.at(-1)?.names ?? []));
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

function packedRun({ carried, envelope }: Report, at: number): string {
  const json = JSON.stringify(envelope.queue);
  const last: LastRun = {
    at,
    durationMs: carried.duration_ms,
    operations: carried.operations,
    envelope: json.length > MOST_ENVELOPE ? null : json,
  };
  return deflateRawSync(JSON.stringify(last), { level: 1 }).toString("latin1");
}

function packedSample({ probe, carried }: Report, at: number, before: readonly string[]): PackedSample {
  const { status, failure, duration_ms: durationMs, operations } = carried;
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
