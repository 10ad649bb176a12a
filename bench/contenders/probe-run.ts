import { pathToFileURL } from "node:url";
import type { OutputOf, RunOptions } from "../../runner/index.js";
import { HELO_DOMAIN, type NoopAnswer } from "./prober.js";
import { serveProber } from "./tasks.js";

// node probe-run.js LIBRARY: the package as users get it.
const { run } = (await import(pathToFileURL(process.argv[2] as string).href)) as typeof import("../../runner/index.js");

/** Long enough for probes that are to wait. */
const TIMEOUT_MS = 300_000;

type Output = OutputOf<"network.smtp@2">;

serveProber({ probe, timed });

async function probe(port: number, options: RunOptions = {}): Promise<Output> {
  const input = {
    target_host: "127.0.0.1",
    target_port: port,
    tls: { mode: "none" as const },
    helo_domain: HELO_DOMAIN,
    connect_timeout_ms: TIMEOUT_MS,
    command_timeout_ms: TIMEOUT_MS,
    timeout_ms: TIMEOUT_MS,
  };
  const { output } = await run("network.smtp@2", input, options);
  if (output.status !== "ok") throw new Error(`the probe says ${JSON.stringify(output)}`);
  return output;
}

async function timed(port: number): Promise<NoopAnswer> {
  let sentAt = Number.NaN;
  const output = await probe(port, {
    trace({ direction, text }) {
      if (direction === "sent" && text === "NOOP") sentAt = performance.now();
    },
  });
  const text = output.operations.find(({ name }) => name === "NOOP")?.message ?? "";
  return { sentAt, milliseconds: output.response_time_ms as number, text };
}
