import { exitCodeOf } from "./exit-codes.js";
import type { Io } from "./io.js";
import { presenter, prettyHint } from "./present.js";
import { perform, type RunRequest } from "./run-request.js";

export async function runOne(request: RunRequest, input: unknown, io: Io): Promise<number> {
  const { options, failOn } = request;
  const tracer = options.trace || options.record !== null ? await (await import("./tracer.js")).openTracer(request, io) : null;
  try {
    const report = await perform(request, input, tracer?.trace ?? null);
    await io.out((await presenter(options, io))(report));
    prettyHint(options, io);
    return exitCodeOf(report, failOn);
  } finally {
    await tracer?.close();
  }
}
