import { FORMAT_NAMES } from "../formats/formats.js";
import type { RunResult } from "../formats/run-result.js";
import type { LoadedProbe } from "../harness/registry.js";
import { type Report, runLoaded } from "../harness/run.js";
import type { Asked } from "../harness/version.js";
import type { TraceEvent } from "../run/recorder.js";
import type { Arguments } from "./arguments.js";
import { FAIL_ON, type FailOn } from "./exit-codes.js";
import type { RunExporter } from "./export-traces.js";
import type { ResultPusher } from "./push-results.js";
import { queueOption } from "./queue-option.js";
import { shortSecretsOption } from "./short-secrets.js";

export const runOptions = {
  set: { value: "KEY=VALUE", repeated: true, description: "Set a field of the input, as JSON or else as text: --set tls.mode=implicit." },
  timeout: { value: "MS", description: "Deadline of the whole run in milliseconds; overrides the input's timeout_ms." },
  format: {
    value: "FORMAT",
    choices: FORMAT_NAMES,
    description: "What is printed, json by default; docs/formats.md says what reads each. nagios has its own exit codes.",
  },
  json: { description: "Print JSON: the default, without the hint at --pretty on a terminal." },
  compact: { description: "JSON on one line; for a list, one line per envelope. The same as --format jsonl." },
  pretty: { description: "Print a readable timeline instead of JSON; for a list, a table and a summary." },
  trace: { description: "Show the conversation with its timings on stderr, secrets masked." },
  record: {
    value: "FILE",
    description:
      "Write the conversation to a file as a transcript that can be replayed. Only for conversations in lines of text: docs/transcripts.md names the probes.",
  },
  artifacts: { value: "DIR", description: "Write the files that a probe offers, such as screenshots, to this folder. No file is overwritten." },
  concurrency: { value: "N", description: "Simultaneous runs of a list (16)." },
  processes: {
    value: "N",
    description: "Run a list in N processes, with --concurrency runs in each. The list is read while it runs; an invalid input is reported and skipped.",
  },
  repeat: { value: "N", description: "Run N times, and report percentiles at the end." },
  interval: { value: "SECONDS", description: "With --repeat: seconds between the starts of two runs (1)." },
  "fail-on": { value: "STATUS", choices: FAIL_ON, description: "Exit with 1 from this status on: error (the default) or warning." },
  lab: { value: "SERVER", optional: true, description: "Run against a local lab server of the probe: the first, or the named one." },
  ...shortSecretsOption,
  otlp: { description: "Also export a trace of each run to the OpenTelemetry collector of $OTEL_EXPORTER_OTLP_ENDPOINT." },
  queue: { ...queueOption, description: "Also store each envelope's queue side in a queue; by default $PROBE_RUN_QUEUE, else sqlite:.probe-run/queue.db." },
} as const;

/** A request after parsing: its probe is loaded, and nothing has been sent. */
export interface RunRequest {
  readonly asked: Asked;
  readonly loaded: LoadedProbe;
  readonly options: Arguments<typeof runOptions>["options"];
  readonly timeoutMs: number | null;
  readonly failOn: FailOn;
  readonly signal: AbortSignal;
  /** Null without --queue. */
  readonly pusher: ResultPusher | null;
  /** Null without --otlp. */
  readonly exporter: RunExporter | null;
}

export async function perform(request: RunRequest, input: unknown, trace: ((event: TraceEvent) => void) | null): Promise<Report> {
  const { asked, loaded, options, timeoutMs, signal, pusher } = request;
  const report = await runLoaded(loaded, asked, input, {
    signal,
    ...(timeoutMs === null ? {} : { timeoutMs }),
    ...(trace === null ? {} : { trace }),
    ...(options.artifacts === null ? {} : { artifacts: options.artifacts }),
  });
  pusher?.push(report);
  return report;
}

/** A run as the formats take it. It has just ended. */
export function resultOf({ asked }: RunRequest, target: string | null, report: Report | null, error: string | null = null): RunResult {
  return { probe: report?.probe ?? asked.name, target, report, error, endedAt: performance.timeOrigin + performance.now() };
}
