import { createHash } from "node:crypto";
import type { HopLine } from "../../runner/net/traceroute/output.js";
import { flagInWords } from "../../runner/net/traceroute/output.js";
import { round } from "../../runner/run/clock.js";
import type { Hop, Path } from "./schema.js";

/** The hops that several traces saw, by their distance. */
export function hopsOf(traces: readonly (readonly HopLine[])[]): Hop[] {
  const longest = Math.max(0, ...traces.flatMap((lines) => lines.map(({ ttl }) => ttl)));
  return Array.from({ length: longest }, (_, index) => index + 1).flatMap((ttl) => {
    const lines = traces.flatMap((each) => each.filter((line) => line.ttl === ttl));
    return lines.length === 0
      ? []
      : [
          hopOf(
            ttl,
            lines.flatMap(({ probes }) => probes),
          ),
        ];
  });
}

function hopOf(ttl: number, probes: HopLine["probes"]): Hop {
  const answered = probes.filter(({ address }) => address !== null).length;
  return {
    ttl,
    addresses: [...new Set(probes.flatMap(({ address }) => address ?? []))],
    probes: probes.map(({ address, rttMs, flag }) => ({ address, rtt_ms: rttMs, message: flag === null ? null : flagInWords(flag) })),
    loss_percent: probes.length === 0 ? 100 : round(((probes.length - answered) / probes.length) * 100),
  };
}

/** The path of one flow, up to the target. */
export function pathOf(sourcePort: number, lines: readonly HopLine[], target: string | null): Path {
  const hops = hopsOf([lines]);
  const last = hops.findIndex(({ addresses }) => target !== null && addresses.includes(target));
  const taken = last === -1 ? hops : hops.slice(0, last + 1);
  return {
    source_port: sourcePort,
    addresses: taken.map(({ addresses }) => addresses[0] ?? null),
    reached: last !== -1,
    path_hash: hashOf(taken),
  };
}

/** A router may answer for its neighbour's hop as well; further apart, packets go round. */
export function loopsIn(hops: readonly Hop[]): string[] {
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

export function hashOf(hops: readonly Hop[]): string | null {
  if (hops.every(({ addresses }) => addresses.length === 0)) return null;
  return createHash("sha256")
    .update(hops.map(({ addresses }) => addresses[0] ?? "*").join(" "))
    .digest("hex")
    .slice(0, 16);
}
