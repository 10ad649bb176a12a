import { RunSummary } from "../formats/run-summary.js";
import { targetName } from "../formats/target-name.js";
import { exitCodeOf } from "./exit-codes.js";
import type { Io } from "./io.js";
import { prettyHint, rendererFor } from "./present.js";
import { perform, type RunRequest, resultOf } from "./run-request.js";

export async function runOne(request: RunRequest, input: unknown, io: Io): Promise<number> {
  const { options, failOn, loaded } = request;
  const tracer = options.trace || options.record !== null ? await (await import("./tracer.js")).openTracer(request, input, io) : null;
  try {
    const target = targetName(input, loaded.probe.target);
    const renderer = await rendererFor(options, { isList: false, isRepeated: false, targets: [target] }, io);
    const report = await perform(request, input, tracer?.trace ?? null);
    const result = resultOf(request, target, report);
    request.exporter?.add(result);
    await io.out(`${renderer.item(renderer.present(result, 0), 0)}${renderer.end(new RunSummary())}`);
    prettyHint(options, io);
    return renderer.exitCode?.() ?? exitCodeOf(report, failOn);
  } finally {
    await tracer?.close();
  }
}
