import { Agent, get } from "node:http";
import { keepInFlight } from "../support/in-flight.js";
import { processorTime } from "../support/processor-time.js";
import { serve } from "../support/serve.js";
import type { FloodAnswer, FloodRequest } from "./tasks.js";

// node blackbox.js PORT PID: asks the exporter, which serves that port in that process, for probes, as Prometheus would.
const [exporterPort, exporterPid] = process.argv.slice(2).map(Number) as [number, number];
const agent = new Agent({ keepAlive: true });

serve<FloodRequest>("ready", async ({ port, total, concurrency }): Promise<FloodAnswer> => {
  const before = processorTime(exporterPid);
  const began = performance.now();
  await keepInFlight(total, concurrency, () => probe(port));
  const seconds = (performance.now() - began) / 1000;
  return { seconds, cpuMicroseconds: before === null ? null : ((processorTime(exporterPid) as number) - before) / total };
});

function probe(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = get({ host: "127.0.0.1", port: exporterPort, agent, path: `/probe?module=smtp&target=127.0.0.1:${port}` }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => {
        text += part;
      });
      response.on("error", reject);
      response.on("end", () => {
        if (/^probe_success 1$/m.test(text)) resolve();
        else reject(new Error(`the exporter's probe failed: HTTP ${response.statusCode}\n${text}`));
      });
    });
    request.on("error", reject);
  });
}
