import { pathToFileURL } from "node:url";
import type { Carried } from "../../schemas/carried.js";
import type { Operation } from "../../schemas/operation.js";
import { HELO_DOMAIN, type NoopAnswer } from "./prober.js";
import { serveProber } from "./tasks.js";

// node probe-run.js LIBRARY: the package as users get it.
const { run } = (await import(pathToFileURL(process.argv[2] as string).href)) as typeof import("../../runner/index.js");

/** Long enough for probes that are to wait. */
const PATIENCE_MS = 300_000;

/** More than this, and the output's UTC times follow the system's clock away from the monotonic one. */
const MOST_DRIFT_MS = 2;

interface Output extends Carried {
  readonly response_time_ms: number;
}

serveProber({ probe, noopOf });

async function probe(port: number): Promise<Output> {
  const { output } = (await run("network.smtp@2", {
    target_host: "127.0.0.1",
    target_port: port,
    tls: { mode: "none" },
    helo_domain: HELO_DOMAIN,
    connect_timeout_ms: PATIENCE_MS,
    command_timeout_ms: PATIENCE_MS,
    timeout_ms: PATIENCE_MS,
  })) as { output: Output };
  if (output.status !== "ok") throw new Error(`the probe says ${JSON.stringify(output)}`);
  return output;
}

function noopOf(output: Output): NoopAnswer {
  const noop = operation(output, "NOOP");
  return { sentAt: connectedAt(output) + noop.at_ms - endOf(operation(output, "connect")), milliseconds: output.response_time_ms, text: noop.message ?? "" };
}

function operation({ operations }: Output, wanted: string): Operation {
  const found = operations.find(({ name }) => name === wanted);
  if (found === undefined) throw new Error(`the probe did no ${wanted}`);
  return found;
}

function endOf({ at_ms, duration_ms }: Operation): number {
  return at_ms + (duration_ms as number);
}

/** The only moment of the output that is not counted from the run's own beginning, as a reading of performance.now(). */
function connectedAt({ connected_time }: Output): number {
  if (connected_time === null) throw new Error("the probe did not connect");
  const drift = Date.now() - performance.timeOrigin - performance.now();
  if (Math.abs(drift) > MOST_DRIFT_MS) throw new Error("the system's clock was set meanwhile: run this bench again");
  // Date reads milliseconds only; the microseconds stand behind them: …:46.693974Z.
  return Date.parse(connected_time) + Number(connected_time.slice(-4, -1)) / 1000 - performance.timeOrigin;
}
