import type { Carried } from "../../../schemas/carried.js";
import { type Series, secondsSeries, series } from "./series.js";

interface PingSeen {
  readonly rtt: { readonly avg_ms: number | null };
  readonly packets: readonly { readonly ttl: number | null }[];
}

export function pingMetrics(carried: Carried, lookUpMs: number): Series[] {
  const { rtt, packets } = carried as unknown as PingSeen;
  const phases = { resolve: lookUpMs, setup: 0, rtt: rtt.avg_ms ?? 0 };
  return [
    ...Object.entries(phases).flatMap(([phase, value]) => secondsSeries("probe_icmp_duration_seconds", value, { phase })),
    ...series("probe_icmp_reply_hop_limit", packets.find(({ ttl }) => ttl !== null)?.ttl ?? null),
  ];
}
