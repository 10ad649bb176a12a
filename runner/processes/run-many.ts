import type { Envelope } from "../../schemas/envelope.js";
import type { AnyProbeName, CheckedName, InputOf, OutputOf } from "../harness/probe-types.js";
import { loadDefinition, loadProbe } from "../harness/registry.js";
import { runLoaded } from "../harness/run.js";
import { candidates, parseAsked } from "../harness/version.js";
import { assertOptions, OPTION, type OptionRules } from "../support/check-options.js";
import { RequestError } from "../support/request-error.js";
import { asTheyCome, type Inputs } from "./as-they-come.js";
import type { Outcome } from "./assignment.js";
import { Pool } from "./pool.js";

export interface RunManyOptions {
  /** How many processes run the inputs (1: this one, without starting another). */
  readonly processes?: number;
  /** How many runs each process has in progress at once (16). */
  readonly concurrency?: number;
  /** The deadline of each run in milliseconds; wins over the input's timeout_ms. */
  readonly timeoutMs?: number;
  /** Ends it early: no more inputs are read, and the runs in progress end as cancelled. Their results still come. */
  readonly signal?: AbortSignal;
}

/** What became of one input: an envelope, or an error. */
export type RunOfMany<Input = unknown, Result = Envelope> = {
  /** The place of the input in its list, from 0. */
  readonly index: number;
  readonly input: Input;
} & ({ readonly envelope: Result; readonly error: null } | { readonly envelope: null; readonly error: Error });

/** One that has not lost what the harness knows beside the envelope. */
export type ReportOfMany = { readonly index: number; readonly input: unknown } & Outcome;

const MOST_PROCESSES = 1024;
const MOST_CONCURRENCY = 10_000;

/**
 * Each process has as many inputs that wait for a free place as runs in progress, up to this many: otherwise a place would stay empty
 * from the end of its run until the result was read here and the next input arrived there.
 */
const MOST_AHEAD = 256;

const RULES: OptionRules<RunManyOptions> = {
  processes: OPTION.wholeUpTo(MOST_PROCESSES),
  concurrency: OPTION.wholeUpTo(MOST_CONCURRENCY),
  timeoutMs: OPTION.milliseconds,
  signal: OPTION.signal,
};

/**
 * Runs a probe on every input of a list, in as many processes as asked for, and gives the results as they come. The list may be longer
 * than memory: inputs are read as there is room for them, and a reader that is slow slows them down.
 */
export const runMany = runAll as <const Name extends AnyProbeName>(
  name: CheckedName<Name>,
  inputs: Inputs<InputOf<Name>>,
  options?: RunManyOptions,
) => AsyncGenerator<RunOfMany<InputOf<Name>, Envelope<OutputOf<Name>>>, void, void>;

async function* runAll(name: string, inputs: Inputs<unknown>, options: RunManyOptions = {}): AsyncGenerator<RunOfMany, void, void> {
  for await (const { index, input, report, error } of reportMany(name, inputs, options)) {
    yield error === null ? { index, input, envelope: report.envelope, error } : { index, input, envelope: null, error };
  }
}

export async function* reportMany(name: string, inputs: Inputs<unknown>, options: RunManyOptions): AsyncGenerator<ReportOfMany, void, void> {
  assertOptions("runMany", options, RULES);
  assertList(inputs);
  const { processes = 1, concurrency = 16, signal } = options;
  const runner = processes === 1 ? await here(name, options) : await elsewhere(name, processes, concurrency, options);
  const work = async (input: unknown, index: number): Promise<ReportOfMany | null> => {
    const outcome = await runner.start(input, index);
    return outcome === null ? null : { index, input, ...outcome };
  };
  try {
    yield* asTheyCome(inputs, work, { concurrency: processes * (concurrency + runner.ahead), signal });
  } finally {
    await runner.stop();
  }
}

/** What runs inputs, in this process or in others. */
interface Runner {
  /** How many inputs a process has beside those that it runs. */
  readonly ahead: number;
  /** Null: it has not begun before an abort. */
  start(input: unknown, index: number): Promise<Outcome | null>;
  /** Resolves when nothing of it is left. */
  stop(): Promise<void>;
}

async function here(name: string, { timeoutMs, signal }: RunManyOptions): Promise<Runner> {
  const asked = parseAsked(name);
  const loaded = await loadProbe(asked.name);
  candidates(asked, loaded.versions);
  const running = new Set<Promise<Outcome>>();
  const leaving = new AbortController();
  const options = {
    signal: signal === undefined ? leaving.signal : AbortSignal.any([signal, leaving.signal]),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  };
  return {
    ahead: 0,
    start: (input) => {
      const run = runLoaded(loaded, asked, input, options)
        .then((report): Outcome => ({ report, error: null }), failed)
        .finally(() => running.delete(run));
      running.add(run);
      return run;
    },
    stop: async () => {
      leaving.abort();
      await Promise.all(running);
    },
  };
}

function failed(error: unknown): Outcome {
  return { report: null, error: error instanceof Error ? error : new Error(String(error)) };
}

async function elsewhere(name: string, processes: number, concurrency: number, { timeoutMs, signal }: RunManyOptions): Promise<Runner> {
  // What is wrong with the name is an error before any process is started.
  const asked = parseAsked(name);
  candidates(asked, (await loadDefinition(asked.name)).versions);
  const pool = new Pool({ probe: name, timeoutMs: timeoutMs ?? null, concurrency }, processes);
  const cancel = (): void => pool.cancel();
  signal?.addEventListener("abort", cancel);
  return {
    ahead: Math.min(concurrency, MOST_AHEAD),
    start: (input, index) => pool.start(input, index),
    stop: () => {
      signal?.removeEventListener("abort", cancel);
      return pool.stop();
    },
  };
}

/** A text is iterable, but its characters are no inputs. */
function assertList(inputs: unknown): void {
  const isList = typeof inputs === "object" && inputs !== null && (Symbol.iterator in inputs || Symbol.asyncIterator in inputs);
  if (isList) return;
  const message = "must be an array, a generator or an asynchronous generator";
  throw new RequestError("the inputs of runMany cannot be used", "usage", [{ pointer: "", message, hint: null }]);
}
