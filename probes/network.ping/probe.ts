import type { Context } from "../../runner/harness/context.js";
import { defineProbe, type Evidence } from "../../runner/harness/define-probe.js";
import type { PingFacts } from "../../runner/net/ping/packet.js";
import { statusOf } from "../../runner/run/judge.js";
import { judge } from "./judge.js";
import { type Input, newest, type Output, type Packet } from "./schema.js";
import { statisticsOf } from "./statistics.js";

export default defineProbe({
  name: "network.ping",
  summary: "Sends packets to a host and reports loss, duplicates, round trips and jitter, packet by packet.",
  needs: ["ping"],
  target: "target_host",
  ...newest,
  usualTimeoutMs: ({ count, interval_ms, packet_timeout_ms }) => Math.max(30_000, count * Math.max(interval_ms, packet_timeout_ms) + 5000),
  run,
});

async function run(input: Input, ctx: Context<"ping">): Promise<Evidence<Output>> {
  const facts = { sent: 0, duplicates: 0, packets: [] as Packet[] };
  const failure = await ctx.attempt(() => ping(input, ctx, facts));
  const { target_host, method } = input;
  const { sent, duplicates, packets } = facts;
  const { received, errors, loss_percent, rtt, jitter_ms } = statisticsOf(packets, sent);
  const seen: Evidence<Output> = {
    ...{ status: "ok", failure, target_host, method },
    ...{ sent, received, duplicates, errors, loss_percent, rtt, jitter_ms, packets },
    findings: [],
  };
  seen.findings = judge(input, seen);
  seen.status = statusOf(failure, seen.findings);
  return seen;
}

function ping(input: Input, ctx: Context<"ping">, facts: PingFacts): Promise<void> {
  const { target_host, target_port: port, packet_timeout_ms: wait_ms } = input;
  const target = { ...input, host: target_host };
  return input.method === "icmp" ? ctx.ping.byIcmp(target, { ...input, wait_ms }, facts) : ctx.ping.byTcp(target, { ...input, port, wait_ms }, facts);
}
