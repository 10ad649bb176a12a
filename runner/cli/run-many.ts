import { accept } from "../harness/accept.js";
import { resolveReferences } from "../harness/references.js";
import { DEFAULT_TIMEOUT_MS, type Report } from "../harness/run.js";
import { SecretKeeper } from "../run/secret-keeper.js";
import { RequestError, type Violation } from "../support/request-error.js";
import { InOrder } from "./emit-in-order.js";
import { EXIT } from "./exit-codes.js";
import type { Io } from "./io.js";
import { presenter } from "./present.js";
import { Progress } from "./progress.js";
import { reportError } from "./report-error.js";
import { exitCodeOf } from "./run-one.js";
import { perform, type RunRequest } from "./run-request.js";
import { traceLines } from "./trace-lines.js";
import { UsageError } from "./usage-error.js";

/** Runs every input of an array, some at once, and prints in the order of the inputs. The worst run decides the exit code. */
export async function runMany(request: RunRequest, inputs: readonly unknown[], concurrency: number, io: Io): Promise<number> {
  if (inputs.length === 0) throw new UsageError("the input is an empty array", "there is nothing to run");
  if (request.options.record !== null) throw new UsageError("--record takes one input", "record each run on its own");
  const ready = await checkAll(request, inputs);
  const shown = await listPrinter(request, io);
  const progress = new Progress(io, inputs.length);
  let worst: number = EXIT.ok;
  const printed = new InOrder<string>((text, index) => {
    progress.clear();
    return io.out(shown.item(text, index));
  });
  await forEach(ready, concurrency, async (input, index) => {
    const { text, code } = await runItem(request, input, index, io, shown.present);
    worst = Math.max(worst, code);
    await printed.add(index, text);
    progress.ran(code);
  });
  progress.clear();
  await io.out(shown.end());
  progress.end();
  return worst;
}

/** Everything that is wrong with any input, before anything is sent. Secrets are fetched here for the same reason. */
async function checkAll({ loaded, asked, signal, timeoutMs }: RunRequest, inputs: readonly unknown[]): Promise<unknown[]> {
  const ready: unknown[] = [];
  const violations: Violation[] = [];
  let message = "";
  for (const [index, input] of inputs.entries()) {
    try {
      const { version, filled } = accept(loaded, asked, input);
      const paths = loaded.references[version] ?? [];
      const complete = paths.length === 0 ? input : structuredClone(input);
      const deadline = AbortSignal.timeout(timeoutMs ?? filled.timeout_ms ?? DEFAULT_TIMEOUT_MS);
      await resolveReferences(complete, paths, new SecretKeeper(), AbortSignal.any([signal, deadline]));
      ready.push(complete);
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      message ||= error.message;
      violations.push(...error.violations.map((violation) => ({ ...violation, pointer: `/${index}${violation.pointer}` })));
    }
  }
  if (violations.length > 0) throw new RequestError(message, "invalid_input", violations);
  return ready;
}

/** A bug in one run leaves null in its place: the other results are not lost. */
async function runItem(
  request: RunRequest,
  input: unknown,
  index: number,
  io: Io,
  present: (report: Report) => string,
): Promise<{ text: string; code: number }> {
  const trace = request.options.trace ? (event: Parameters<typeof traceLines>[0]): void => io.err(traceLines(event, `[${index}] `)) : null;
  try {
    const report = await perform(request, input, trace);
    return { text: present(report), code: exitCodeOf(report) };
  } catch (error) {
    io.err(`probe-run: input ${index}:\n`);
    return { text: "null\n", code: reportError(error, io) };
  }
}

/** How the results stand together: an array, one a line, or one picture after the other. Whatever is printed ends with its line. */
async function listPrinter({ options }: RunRequest, io: Io) {
  const present = await presenter(options, io);
  if (options.compact) return { present, item: (text: string) => text, end: () => "" };
  if (options.pretty) return { present, item: (text: string, index: number) => (index === 0 ? text : `\n${text}`), end: () => "" };
  // Whether a comma follows is known when the next one comes.
  let held = "";
  const item = (text: string, index: number): string => {
    const before = index === 0 ? "[\n" : `${held},\n`;
    held = text.trimEnd().replace(/^/gm, "  ");
    return before;
  };
  return { present, item, end: () => `${held}\n]\n` };
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
