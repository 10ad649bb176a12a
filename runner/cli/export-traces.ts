import { TraceExporter } from "../formats/otlp/exporter.js";
import { exportSettings } from "../formats/otlp/settings.js";
import type { RunResult } from "../formats/run-result.js";
import type { Io } from "./io.js";

export interface RunExporter {
  add(result: RunResult): void;
  /** Sends the rest. What a collector does not take is reported on stderr, and changes neither the result nor the exit code. */
  close(): Promise<void>;
}

/** Before anything is sent: an environment that cannot be used stops the run. */
export async function traceExporter(io: Io): Promise<RunExporter> {
  const exporter = new TraceExporter(exportSettings(io.env), io.env);
  return {
    add: (result) => exporter.add(result),
    async close() {
      const lost = await exporter.settled();
      if (lost !== null) io.err(`probe-run: traces: ${lost}\n`);
    },
  };
}
