import { RunSummary } from "../formats/run-summary.js";
import { targetName } from "../formats/target-name.js";
import { accept } from "../harness/accept.js";
import { resolveReferences } from "../harness/references.js";
import { DEFAULT_TIMEOUT_MS, type Report } from "../harness/run.js";
import { SecretKeeper } from "../run/secret-keeper.js";
import { RequestError, reasonText, type Violation } from "../support/request-error.js";
import { InOrder } from "./emit-in-order.js";
import { EXIT, exitCodeOf } from "./exit-codes.js";
import type { ListPlaces } from "./input/read-word.js";
import type { Io } from "./io.js";
import { rendererFor } from "./present.js";
import { Progress } from "./progress.js";
import { reportError } from "./report-error.js";
import { perform, type RunRequest, resultOf } from "./run-request.js";
import { tellSummary } from "./tell-summary.js";
import { traceLines } from "./trace-lines.js";
import { UsageError } from "./usage-error.js";

export interface Plan {
  readonly inputs: readonly unknown[];
  /** Null for a single input that is repeated. */
  readonly list: ListPlaces | null;
  readonly concurrency: number;
  /** How often the whole list is run. */
  readonly repeat: number;
  /** The interval between the starts of two rounds. */
  readonly intervalMs: number;
}

/** Runs every input of a list, with limited concurrency and in rounds, and prints in the order of the inputs. The worst run decides the exit code. */
export async function runMany(request: RunRequest, { inputs, list, concurrency, repeat, intervalMs }: Plan, io: Io): Promise<number> {
  if (request.options.record !== null) throw new UsageError("--record requires a single input and a single run", "record each run separately");
  const ready = await checkAll(request, inputs, list);
  const targets = inputs.map((input) => targetName(input, request.loaded.probe.target));
  const renderer = await rendererFor(request.options, { isList: true, isRepeated: repeat > 1, targets }, io);
  const progress = new Progress(io, inputs.length * repeat);
  const summary = new RunSummary();
  const began = performance.now();
  let worst: number = EXIT.ok;
  const printed = new InOrder<string>((text, index) => {
    progress.clear();
    return io.out(renderer.item(text, index));
  });
  for (let round = 0; round < repeat; round++) {
    if (round > 0 && !(await waitedUntil(began + round * intervalMs, request.signal))) break;
    await forEach(ready, concurrency, async (input, index) => {
      const { report, code, error } = await runItem(request, input, { index, list }, io);
      const result = resultOf(request, targets[index] as string | null, report, error);
      worst = Math.max(worst, code);
      summary.add(report);
      request.exporter?.add(result);
      const place = round * ready.length + index;
      await printed.add(place, renderer.present(result, place));
      progress.ran(code);
    });
  }
  progress.clear();
  await io.out(renderer.end(summary));
  tellSummary(request, summary, repeat > 1, io);
  return renderer.exitCode?.() ?? worst;
}

/** Rounds start at fixed times, however long each takes. False: the command was interrupted. */
async function waitedUntil(time: number, signal: AbortSignal): Promise<boolean> {
  const { setTimeout: wait } = await import("node:timers/promises");
  await wait(Math.max(0, time - performance.now()), undefined, { signal }).catch(() => {});
  return !signal.aborted;
}

/** Reports everything that is wrong with any input before anything is sent. Secrets are resolved here for the same reason. */
async function checkAll({ loaded, asked, signal, timeoutMs }: RunRequest, inputs: readonly unknown[], list: ListPlaces | null): Promise<unknown[]> {
  const ready: unknown[] = [];
  const violations: Violation[] = [];
  let summary = "";
  for (const [index, input] of inputs.entries()) {
    try {
      const { version, filled } = accept(loaded, asked, input);
      const paths = loaded.references[version] ?? [];
      const complete = paths.length === 0 ? input : structuredClone(input);
      const deadline = AbortSignal.timeout(timeoutMs ?? filled.timeout_ms ?? DEFAULT_TIMEOUT_MS);
      await resolveReferences(complete, paths, new SecretKeeper(), { signal: AbortSignal.any([signal, deadline]) });
      ready.push(complete);
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      summary ||= error.summary;
      violations.push(...error.violations.map((violation) => (list === null ? violation : ofInput(violation, list.places[index] as string))));
    }
  }
  if (violations.length > 0) throw new RequestError(list === null ? summary : `${list.name}: ${summary}`, "invalid_input", violations);
  return ready;
}

function ofInput(violation: Violation, place: string): Violation {
  return { ...violation, pointer: `${place} ${violation.pointer}`.trimEnd() };
}

interface Item {
  readonly index: number;
  readonly list: ListPlaces | null;
}

/** A bug in one run must not lose the results of others. */
async function runItem(
  request: RunRequest,
  input: unknown,
  { index, list }: Item,
  io: Io,
): Promise<{ report: Report | null; code: number; error: string | null }> {
  const trace = request.options.trace ? (event: Parameters<typeof traceLines>[0]): void => io.err(traceLines(event, `[${index}] `)) : null;
  try {
    const report = await perform(request, input, trace);
    return { report, code: exitCodeOf(report, request.failOn), error: null };
  } catch (error) {
    const place = list === null ? null : `${list.name}, ${list.places[index]}`;
    return { report: null, code: reportError(error, io, place), error: reasonText(error) };
  }
}

async function forEach<Item>(items: readonly Item[], concurrency: number, work: (item: Item, index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      await work(items[index] as Item, index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, worker));
}
