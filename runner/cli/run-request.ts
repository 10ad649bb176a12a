import type { LoadedProbe } from "../harness/registry.js";
import { type Report, runLoaded } from "../harness/run.js";
import type { Asked } from "../harness/version.js";
import type { TraceEvent } from "../run/recorder.js";
import type { Arguments } from "./arguments.js";
import type { ResultPusher } from "./push-results.js";
import { queueOption } from "./queue-option.js";

export const runOptions = {
  set: { value: "KEY=VALUE", repeated: true, description: "Set a field of the input: --set tls.mode=implicit. JSON where it is JSON, else text." },
  timeout: { value: "MS", description: "The whole run's deadline in milliseconds; wins over the input's timeout_ms." },
  compact: { description: "JSON on one line; one line an envelope for an array of inputs." },
  pretty: { description: "A picture of the run for a person instead of JSON." },
  trace: { description: "Show the conversation with its timings on stderr, secrets masked." },
  record: { value: "FILE", description: "Write the conversation to a file as a transcript that can be played again." },
  concurrency: { value: "N", description: "How many runs of an array go on at once (16)." },
  lab: { value: "SERVER", optional: true, description: "Run against a local server of the probe's lab: the first, or the one named." },
  queue: { ...queueOption, description: "Also push each envelope's queue side there; without a URL to $PROBE_RUN_QUEUE, else sqlite:.probe-run/queue.db." },
} as const;

/** A request as it was read: its probe is there, and nothing has been sent. */
export interface RunRequest {
  readonly asked: Asked;
  readonly loaded: LoadedProbe;
  readonly options: Arguments<typeof runOptions>["options"];
  readonly timeoutMs: number | null;
  readonly signal: AbortSignal;
  /** Null: nobody asked for a queue. */
  readonly pusher: ResultPusher | null;
}

export async function perform(request: RunRequest, input: unknown, trace: ((event: TraceEvent) => void) | null): Promise<Report> {
  const { asked, loaded, timeoutMs, signal, pusher } = request;
  const report = await runLoaded(loaded, asked, input, { signal, ...(timeoutMs === null ? {} : { timeoutMs }), ...(trace === null ? {} : { trace }) });
  pusher?.push(report);
  return report;
}
