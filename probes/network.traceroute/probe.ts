import { createHash } from "node:crypto";
import type { Context } from "../../runner/harness/context.js";
import { defineProbe, type Evidence } from "../../runner/harness/define-probe.js";
import { flagInWords, type HopLine } from "../../runner/net/traceroute/output.js";
import { round } from "../../runner/run/clock.js";
import { statusOf } from "../../runner/run/judge.js";
import { judge } from "./judge.js";
import { type Hop, type Input, newest, type Output } from "./schema.js";

export default defineProbe({
  name: "network.traceroute",
  summary: "Traces the path to a host: every router that answers, round trips, loops, and the path MTU if asked.",
  needs: ["traceroute"],
  target: "target_host",
  ...newest,
  usualTimeoutMs: ({ max_ttl, probes, packet_timeout_ms }) => Math.min(600_000, 10_000 + max_ttl * probes * packet_timeout_ms),
  run,
});

async function run(input: Input, ctx: Context<"traceroute">): Promise<Evidence<Output>> {
  const lines: HopLine[] = [];
  let target: string | null = null;
  const { target_host, target_port: port, packet_timeout_ms: wait_ms, protocol, max_ttl, probes, find_mtu } = input;
  const failure = await ctx.attempt(async () => {
    target = await ctx.traceroute.trace({ ...input, host: target_host }, { protocol, port, max_ttl, probes, wait_ms, find_mtu }, lines);
  });
  const hops = lines.map(hopOf);
  const address = target ?? ctx.run.recorder.ipAddress;
  const last = hops.findIndex(({ addresses }) => address !== null && addresses.includes(address));
  const evidence: Evidence<Output> = {
    ...{ status: "ok", failure, target_host, protocol },
    reached: last !== -1,
    hops,
    hop_count: last === -1 ? null : (hops[last] as Hop).ttl,
    loops: loopsIn(hops),
    path_hash: hashOf(hops),
    path_mtu_bytes: lines.reduce<number | null>((least, { mtu }) => (mtu !== null && (least === null || mtu < least) ? mtu : least), null),
    findings: [],
  };
  evidence.findings = judge(input, evidence);
  evidence.status = statusOf(failure, evidence.findings);
  return evidence;
}

function hopOf({ ttl, probes }: HopLine): Hop {
  const answered = probes.filter(({ address }) => address !== null).length;
  return {
    ttl,
    addresses: [...new Set(probes.flatMap(({ address }) => address ?? []))],
    probes: probes.map(({ address, rttMs, flag }) => ({ address, rtt_ms: rttMs, message: flag === null ? null : flagInWords(flag) })),
    loss_percent: probes.length === 0 ? 100 : round(((probes.length - answered) / probes.length) * 100),
  };
}

/** A router may answer for its neighbour's hop as well; further apart, packets go round. */
function loopsIn(hops: readonly Hop[]): string[] {
  const seen = new Map<string, number>();
  const loops = new Set<string>();
  for (const { ttl, addresses } of hops)
    for (const address of addresses) {
      const before = seen.get(address);
      if (before !== undefined && ttl - before > 1) loops.add(address);
      seen.set(address, ttl);
    }
  return [...loops];
}

function hashOf(hops: readonly Hop[]): string | null {
  if (hops.every(({ addresses }) => addresses.length === 0)) return null;
  return createHash("sha256")
    .update(hops.map(({ addresses }) => addresses[0] ?? "*").join(" "))
    .digest("hex")
    .slice(0, 16);
}
