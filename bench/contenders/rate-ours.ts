import { pathToFileURL } from "node:url";
import { loopbackAddress } from "../support/loopback-address.js";
import { serveRates } from "./rate-tasks.js";

// node rate-ours.js LIBRARY: the probes as users get them.
const { run } = (await import(pathToFileURL(process.argv[2] as string).href)) as typeof import("../../runner/index.js");

const TIMEOUTS = { connect_timeout_ms: 60_000, command_timeout_ms: 60_000, timeout_ms: 120_000 };
/** Probes that judge what a plain server of the bench has: their findings do not matter here. */
const MAY_WARN: ReadonlySet<string> = new Set(["security.tls", "security.ssh"]);

serveRates(async ({ way, target, input }, number) => {
  const { output } = await run(way, { ...inputOf(way, target, number), ...input });
  const { status, failure } = output as { status: string; failure: unknown };
  if (failure !== null || (!MAY_WARN.has(way) && status !== "ok")) throw new Error(`${way} says ${JSON.stringify(output).slice(0, 2000)}`);
});

function inputOf(probe: string, target: string, number: number): object {
  if (probe === "webapp.http") return { url: target, ...TIMEOUTS };
  if (probe === "network.dns") return { name: "bench.example", types: ["MX"], servers: [target], query_timeout_ms: 30_000 };
  if (probe === "network.ping") return { target_host: loopbackAddress(number) };
  return { target_host: "127.0.0.1", target_port: Number(target), ...TIMEOUTS };
}
