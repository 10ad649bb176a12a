import type { Report } from "../harness/run.js";
import { EXIT } from "./exit-codes.js";
import type { Io } from "./io.js";
import { presenter } from "./present.js";
import { perform, type RunRequest } from "./run-request.js";

export async function runOne(request: RunRequest, input: unknown, io: Io): Promise<number> {
  const { options } = request;
  const tracer = options.trace || options.record !== null ? await (await import("./tracer.js")).openTracer(request, io) : null;
  try {
    const report = await perform(request, input, tracer?.trace ?? null);
    await io.out((await presenter(options, io))(report));
    return exitCodeOf(report);
  } finally {
    await tracer?.close();
  }
}

export function exitCodeOf({ carried }: Report): number {
  return carried.status === "error" ? EXIT.failed : EXIT.ok;
}
