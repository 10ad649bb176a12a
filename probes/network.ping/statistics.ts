import { round } from "../../runner/run/clock.js";
import type { Output, Packet } from "./schema.js";

type Statistics = Pick<Output, "received" | "errors" | "loss_percent" | "rtt" | "jitter_ms">;

/** Losses count packets, times only replies. */
export function statisticsOf(packets: readonly Packet[], sent: number): Statistics {
  const replies = packets.filter(({ outcome }) => outcome === "reply" || outcome === "refused" || outcome === "corrupt");
  const times = replies.flatMap(({ rtt_ms }) => rtt_ms ?? []);
  return {
    received: replies.length,
    errors: packets.filter(({ outcome }) => outcome === "error").length,
    loss_percent: sent === 0 ? null : round(((sent - replies.length) / sent) * 100),
    rtt: roundTrips(times),
    jitter_ms: times.length < 2 ? null : round(mean(times.slice(1).map((time, index) => Math.abs(time - (times[index] as number))))),
  };
}

function roundTrips(times: readonly number[]): Output["rtt"] {
  if (times.length === 0) return { min_ms: null, avg_ms: null, median_ms: null, p95_ms: null, max_ms: null, stddev_ms: null };
  const sorted = [...times].sort((a, b) => a - b);
  const average = mean(times);
  return {
    min_ms: sorted[0] as number,
    avg_ms: round(average),
    median_ms: round(median(sorted)),
    // The nearest rank: a time that was measured, and no mean of two.
    p95_ms: sorted[Math.ceil(sorted.length * 0.95) - 1] as number,
    max_ms: sorted.at(-1) as number,
    stddev_ms: round(Math.sqrt(mean(times.map((time) => (time - average) ** 2)))),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function median(sorted: readonly number[]): number {
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] as number)) / 2;
}
