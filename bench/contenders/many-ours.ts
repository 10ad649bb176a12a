import { pathToFileURL } from "node:url";
import { serve } from "../support/serve.js";
import { HELO_DOMAIN } from "./prober.js";

// node many-ours.js LIBRARY: runMany() of the package as users get it.
const { runMany } = (await import(pathToFileURL(process.argv[2] as string).href)) as typeof import("../../runner/index.js");

export interface ManyRequest {
  readonly port: number;
  readonly total: number;
  readonly processes: number;
  readonly concurrency: number;
}

export interface ManyAnswer {
  readonly perSecond: number;
  /** Of the process that reads the results, for one result. */
  readonly cpuMicroseconds: number;
}

serve<ManyRequest>("ready", async ({ port, total, processes, concurrency }) => {
  const input = { target_host: "127.0.0.1", target_port: port, tls: { mode: "none" as const }, helo_domain: HELO_DOMAIN };
  const inputs = (function* () {
    for (let index = 0; index < total; index += 1) yield input;
  })();
  // Processes start in the first half, at whose end their code is compiled.
  const warm = Math.floor(total / 2);
  let done = 0;
  let began = { at: 0, cpu: process.cpuUsage() };
  for await (const { envelope, error } of runMany("network.smtp@2", inputs, { processes, concurrency })) {
    if (envelope?.output.status !== "ok") throw new Error(`a run failed: ${error?.message ?? JSON.stringify(envelope?.output)}`);
    if (++done === warm) began = { at: performance.now(), cpu: process.cpuUsage() };
  }
  const { user, system } = process.cpuUsage(began.cpu);
  const measured = total - warm;
  return { perSecond: (measured / (performance.now() - began.at)) * 1000, cpuMicroseconds: (user + system) / measured };
});
