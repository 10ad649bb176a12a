import { pathToFileURL } from "node:url";
import { serveWebTasks } from "./web-tasks.js";

// node web-ours.js LIBRARY: the probes as users get them.
const { run } = (await import(pathToFileURL(process.argv[2] as string).href)) as typeof import("../../runner/index.js");

const PATIENCE = { connect_timeout_ms: 60_000, command_timeout_ms: 60_000, timeout_ms: 120_000 };

serveWebTasks(async ({ way, target }) => {
  const input = inputOf(way, target);
  const { output } = await run(way, input);
  const { status, failure } = output as { status: string; failure: unknown };
  if (failure !== null || (way !== "security.tls" && status !== "ok")) throw new Error(`${way} says ${JSON.stringify(output).slice(0, 2000)}`);
});

function inputOf(probe: string, target: string): object {
  if (probe === "webapp.http") return { url: target, ...PATIENCE };
  if (probe === "network.dns") return { name: "bench.example", types: ["MX"], servers: [target], query_timeout_ms: 30_000 };
  return { target_host: "127.0.0.1", target_port: Number(target), servername: "localhost", verify: "ignore", budget: 300, ...PATIENCE };
}
