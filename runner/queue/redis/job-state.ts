import type { Limit, Limits } from "../../limits/limits.js";
import { type LastFailure, readFailure } from "../last-failure.js";
import type { Connection } from "./connection.js";
import type { ScriptName } from "./scripts/index.js";

/** The fields of a finished job are removed at once, or after this time if the worker is killed in between. */
const LEFTOVERS_MS = 86_400_000;

export interface StartingJob {
  readonly jobId: string;
  readonly key: string | null;
  readonly weight: number;
  readonly priority: number;
  readonly isFirst: boolean;
}

export type Start =
  | { readonly kind: "run"; readonly attempt: number; readonly failure: LastFailure | null; readonly state: string | null; readonly part: number }
  /** A limit of its key delays it. */
  | { readonly kind: "held"; readonly waitMs: number }
  /** The limit of all jobs is reached. */
  | { readonly kind: "full"; readonly waitMs: number };

export interface EndingJob {
  readonly jobId: string;
  readonly key: string | null;
  readonly kind: "done" | "retry" | "later" | "release" | "dead";
  readonly failure: LastFailure | null;
}

/**
 * What the queue needs to know about its jobs beyond BullMQ's own data: attempts that count, saved state, and per-key limits. Stored under our own
 * keys.
 */
export class JobState {
  readonly #base: string;

  constructor(
    readonly connection: Connection,
    queueName: string,
  ) {
    this.#base = `${connection.address.prefix}:probe-run-${queueName}:`;
  }

  /** How many more jobs the limit of all allows to start. */
  async room(limits: Limits): Promise<{ room: number; waitMs: number }> {
    const [room = 0, waitMs = 0] = (await this.#run("room", [limitsText(limits)])) as number[];
    return { room, waitMs };
  }

  /** Decides which of these jobs may run, and counts them against the limits. */
  async start(jobs: readonly StartingJob[], leaseMs: number, limits: Limits): Promise<{ starts: Start[]; promotable: string[] }> {
    const rows = jobs.flatMap(({ jobId, key, weight, priority, isFirst }) => [jobId, keyField(key), weight, priority, isFirst ? 1 : 0]);
    const answers = (await this.#run("start", [Math.ceil(leaseMs), limitsText(limits), ...rows])) as unknown[][];
    return { starts: answers.slice(0, -1).map(startOf), promotable: answers.at(-1) as string[] };
  }

  async extend(jobs: readonly { readonly jobId: string; readonly key: string | null }[], leaseMs: number): Promise<void> {
    await this.#run("extend", [Math.ceil(leaseMs), ...jobs.flatMap(({ jobId, key }) => [jobId, keyField(key)])]);
  }

  /** Returns the ids of held jobs that may be promoted. */
  async settle(jobs: readonly EndingJob[]): Promise<string[]> {
    const rows = jobs.flatMap(({ jobId, key, kind, failure }) => [jobId, keyField(key), kind, failure === null ? "" : JSON.stringify(failure)]);
    return (await this.#run("settle", [LEFTOVERS_MS, ...rows])) as string[];
  }

  async save(states: readonly { readonly jobId: string; readonly state: string }[]): Promise<void> {
    await this.#run(
      "saveState",
      states.flatMap(({ jobId, state }) => [jobId, state]),
    );
  }

  /** For jobs that no longer exist. Returns the ids of the held jobs that come after them. */
  async forget(jobIds: readonly string[]): Promise<string[]> {
    return jobIds.length === 0 ? [] : ((await this.#run("forget", jobIds)) as string[]);
  }

  async held(max: number): Promise<string[]> {
    return (await this.#run("held", [max])) as string[];
  }

  async heldCount(): Promise<number> {
    const [count = 0] = (await this.#run("heldCount", [])) as number[];
    return count;
  }

  async deaths(jobIds: readonly string[]): Promise<{ failure: LastFailure | null; attempts: number | null }[]> {
    const answers = (await this.#run("deaths", jobIds)) as string[];
    return jobIds.map((_, index) => ({ failure: failureIn(answers[2 * index]), attempts: answers[2 * index + 1] ? Number(answers[2 * index + 1]) : null }));
  }

  #run(script: ScriptName, values: readonly (string | number)[]): Promise<unknown> {
    return this.connection.run(script, [this.#base], values);
  }
}

function startOf([code, ...rest]: readonly unknown[]): Start {
  if (code === 0) return { kind: "held", waitMs: rest[0] as number };
  if (code === -1) return { kind: "full", waitMs: rest[0] as number };
  const [attempt, failure, state, part] = rest as [number, string, string | null, number];
  return { kind: "run", attempt, failure: failureIn(failure), state, part };
}

function failureIn(text: string | undefined): LastFailure | null {
  return text ? readFailure(text) : null;
}

/** A prefix, because an empty key is a key too. */
function keyField(key: string | null): string {
  return key === null ? "" : `=${key}`;
}

/** Null is left out: JSON's null is not Lua's nil. */
function limitsText({ all, eachKey, keys }: Limits): string {
  return JSON.stringify({
    all: limitFields(all),
    each: limitFields(eachKey),
    keys: Object.fromEntries(Object.entries(keys).map(([key, limit]) => [key, limitFields(limit)])),
    keyed: eachKey !== null || Object.keys(keys).length > 0,
  });
}

function limitFields(limit: Limit | null): object | undefined {
  if (limit === null) return undefined;
  const { atOnce, rate } = limit;
  return { ...(atOnce === null ? {} : { atOnce }), ...(rate ?? {}) };
}
