import type { Context } from "../../runner/harness/context.js";
import { defineProbe, type Evidence } from "../../runner/harness/define-probe.js";
import type { TracedFlow } from "../../runner/net/traceroute/capability.js";
import { statusOf } from "../../runner/run/judge.js";
import type { Violation } from "../../runner/support/request-error.js";
import { judge } from "./judge.js";
import { hashOf, hopsOf, loopsIn, pathOf } from "./paths.js";
import { routersOf } from "./routers.js";
import { type Hop, type Input, newest, type Output } from "./schema.js";

export default defineProbe({
  name: "network.traceroute",
  summary: "Traces the path to a host: every router that answers, round trips, loops, paths flow by flow, names and the path MTU if asked.",
  needs: ["traceroute", "resolver"],
  target: "target_host",
  ...newest,
  checkInput,
  usualTimeoutMs: ({ max_ttl, probes, packet_timeout_ms }) => Math.min(600_000, 10_000 + max_ttl * probes * packet_timeout_ms),
  run,
});

function checkInput({ protocol, flows }: Input): Violation[] {
  if (flows === undefined || protocol !== "icmp") return [];
  return [{ pointer: "/flows", message: "is for udp and tcp: echo requests have no ports", hint: "leave it out, or set protocol to udp" }];
}

async function run(input: Input, ctx: Context<"traceroute" | "resolver">): Promise<Evidence<Output>> {
  const { target_host, target_port: port, packet_timeout_ms: wait_ms, protocol, max_ttl, probes, find_mtu, flows } = input;
  const traced: TracedFlow[] = Array.from({ length: flows ?? 1 }, () => ({ sourcePort: null, hops: [] }));
  let target: string | null = null;
  const failure = await ctx.attempt(async () => {
    const options = { protocol, port, max_ttl, probes, wait_ms, find_mtu, keepsFlow: flows !== undefined };
    target = await ctx.traceroute.trace({ ...input, host: target_host }, options, traced);
  });
  const hops = hopsOf(traced.map((flow) => flow.hops));
  const address = target ?? ctx.run.recorder.ipAddress;
  const last = hops.findIndex(({ addresses }) => address !== null && addresses.includes(address));
  const mtus = traced.flatMap((flow) => flow.hops.flatMap(({ mtu }) => mtu ?? []));
  const evidence: Evidence<Output> = {
    ...{ status: "ok", failure, target_host, protocol },
    reached: last !== -1,
    hops,
    hop_count: last === -1 ? null : (hops[last] as Hop).ttl,
    loops: loopsIn(hops),
    path_hash: hashOf(hops),
    paths: traced.flatMap(({ sourcePort, hops: lines }) => (sourcePort === null ? [] : [pathOf(sourcePort, lines, address)])),
    path_mtu_bytes: mtus.length === 0 ? null : Math.min(...mtus),
    routers: [],
    findings: [],
  };
  evidence.routers = await routersOf(hops, input, ctx.resolver);
  evidence.findings = judge(input, evidence);
  evidence.status = statusOf(failure, evidence.findings);
  return evidence;
}
