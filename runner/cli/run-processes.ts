import type { Renderer } from "../formats/renderer.js";
import { RunSummary } from "../formats/run-summary.js";
import { targetName } from "../formats/target-name.js";
import type { InputSchema } from "../harness/target.js";
import { candidates } from "../harness/version.js";
import { type ReportOfMany, reportMany } from "../processes/run-many.js";
import { RequestError, reasonText } from "../support/request-error.js";
import { InOrder } from "./emit-in-order.js";
import { EXIT, exitCodeOf } from "./exit-codes.js";
import { inputBatches, type ListedInput } from "./input/input-batches.js";
import { nameOf } from "./input/place.js";
import { holdsNoInput } from "./input/read-word.js";
import type { Io } from "./io.js";
import { rendererFor } from "./present.js";
import { Progress } from "./progress.js";
import { reportError } from "./report-error.js";
import { type RunRequest, resultOf } from "./run-request.js";
import { tellSummary } from "./tell-summary.js";
import { UsageError } from "./usage-error.js";

export interface ProcessesPlan {
  /** A file, or - for stdin. */
  readonly path: string;
  readonly processes: number;
  readonly concurrency: number;
  /** An input as it is run: what is read, and what the command line adds. */
  readonly complete: (read: unknown) => unknown;
}

/** Results are printed in the order of their inputs: at most this many inputs may be ahead of the first one without a result. */
const MOST_AHEAD = 10_000;

/**
 * Runs a list in several processes. It is read as it is run, so it may be longer than memory; an input that is wrong is reported and
 * left out, and the others run.
 */
export async function runInProcesses(request: RunRequest, plan: ProcessesPlan, io: Io): Promise<number> {
  checkTogether(request.options);
  const list = await PrintedList.open(request, io);
  const { processes, concurrency } = plan;
  const options = { processes, concurrency, signal: request.signal, ...(request.timeoutMs === null ? {} : { timeoutMs: request.timeoutMs }) };
  const { name, version } = request.asked;
  for await (const run of reportMany(version === null ? name : `${name}@${version}`, list.inputs(plan), options)) {
    if (run.report !== null) request.pusher?.push(run.report);
    await list.print(run);
    await request.pusher?.room();
  }
  return list.end(plan);
}

function checkTogether({ record, trace, repeat }: RunRequest["options"]): void {
  const other = record !== null ? "--record" : trace ? "--trace" : repeat !== null ? "--repeat" : null;
  if (other !== null) throw new UsageError(`--processes and ${other} cannot be combined`, "leave one of them out");
}

type Place = { readonly position: number; readonly place: string };

/** The results of a list, printed in its order. */
class PrintedList {
  readonly #summary = new RunSummary();
  readonly #progress: Progress;
  readonly #printed: InOrder<string>;
  /** Of the inputs that are being run, by their place among those that could be read. */
  readonly #places = new Map<number, Place>();
  #read = 0;
  #done = 0;
  #moved: (() => void) | null = null;
  #worst: number = EXIT.ok;

  static async open(request: RunRequest, io: Io): Promise<PrintedList> {
    return new PrintedList(request, await rendererFor(request.options, { isList: true, isRepeated: false, targets: null }, io), io);
  }

  private constructor(
    readonly request: RunRequest,
    readonly renderer: Renderer,
    readonly io: Io,
  ) {
    this.#progress = new Progress(io, null);
    this.#printed = new InOrder((text, position) => {
      this.#progress.clear();
      this.#done = position + 1;
      this.#moved?.();
      return io.out(renderer.item(text, position));
    });
  }

  /** What can be run. */
  async *inputs({ path, complete }: ProcessesPlan): AsyncGenerator<unknown> {
    const { loaded, asked } = this.request;
    const schema = loaded.probe.versions[candidates(asked, loaded.versions)[0] as string]?.input.schema as InputSchema;
    let index = 0;
    for await (const batch of inputBatches(path, schema, this.io)) {
      for (const listed of batch) {
        const position = this.#read++;
        while (position - this.#done >= MOST_AHEAD) await this.#oneMore();
        const input = this.#complete(listed, complete, position);
        if (input === null) continue;
        this.#places.set(index++, { position, place: listed.place });
        yield input.value;
      }
    }
  }

  async print({ index, input, report, error }: ReportOfMany): Promise<void> {
    const { position, place } = this.#places.get(index) as Place;
    this.#places.delete(index);
    const code = report === null ? this.#reportError(error, place) : exitCodeOf(report, this.request.failOn);
    this.#summary.add(report);
    this.#end(code);
    const result = resultOf(this.request, targetName(input, this.request.loaded.probe.target), report, error === null ? null : reasonText(error));
    this.request.exporter?.add(result);
    await this.#printed.add(position, this.renderer.present(result, position));
  }

  async end({ path }: ProcessesPlan): Promise<number> {
    if (this.#read === 0 && !this.request.signal.aborted) throw holdsNoInput(nameOf(path));
    await this.#printUnbegun();
    this.#progress.clear();
    await this.io.out(this.renderer.end(this.#summary));
    tellSummary(this.request, this.#summary, false, this.io);
    return this.renderer.exitCode?.() ?? this.#worst;
  }

  /** After an interruption: what has not begun keeps its place before results of later inputs. */
  async #printUnbegun(): Promise<void> {
    const last = this.#printed.lastWaiting;
    for (const { position, place } of this.#places.values())
      if (position < last) await this.#printed.add(position, this.renderer.present(resultOf(this.request, null, null, `${place}: was not run`), position));
  }

  /** Null: it cannot be read, which is reported. */
  #complete({ place, read }: ListedInput, complete: ProcessesPlan["complete"], position: number): { value: unknown } | null {
    try {
      return { value: complete(read()) };
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      this.#summary.add(null);
      this.#end(this.#reportError(error, place));
      void this.#printed.add(position, this.renderer.present(resultOf(this.request, null, null, `${place}: ${reasonText(error)}`), position));
      return null;
    }
  }

  #reportError(error: Error, place: string): number {
    this.#progress.clear();
    return reportError(error, this.io, place);
  }

  #end(code: number): void {
    this.#worst = Math.max(this.#worst, code);
    this.#progress.ran(code);
  }

  #oneMore(): Promise<void> {
    return new Promise((resolve) => {
      this.#moved = resolve;
    });
  }
}
