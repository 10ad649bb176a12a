import { finding } from "../../runner/run/judge.js";
import type { Finding } from "../../schemas/finding.js";
import type { Direction, Expectations, Input, Output, Transfer } from "./schema.js";

type Seen = Pick<Output, "down" | "up" | "latency" | "failure">;

/** Half of the time that was asked for: with less, slow start and reconnecting dominate. */
const SHORT_SHARE = 0.5;

export function judge(input: Input, seen: Seen): Finding[] {
  const directions = (["down", "up"] as const).flatMap((direction) => {
    const transfer = seen[direction];
    return transfer === null ? [] : [[direction, transfer] as const];
  });
  return [
    ...directions.flatMap(([direction, transfer]) => refused(direction, transfer)),
    ...(seen.failure === null ? directions.flatMap(([direction, transfer]) => tooLittle(input, direction, transfer)) : []),
    ...directions.flatMap(([direction, transfer]) => unmet("error", input.expect ?? {}, direction, transfer)),
    ...directions.flatMap(([direction, transfer]) => unmet("warning", input.prefer ?? {}, direction, transfer)),
    ...idle("error", input.expect ?? {}, seen),
    ...idle("warning", input.prefer ?? {}, seen),
  ];
}

/** A page that says "not found" measures no upload. */
function refused(direction: Direction, { status_codes }: Transfer): Finding[] {
  const code = status_codes.find((status) => status >= 300);
  return code === undefined ? [] : [finding("error", "status_unexpected", `the server answered the ${direction}load with ${code}`, "200", code)];
}

function tooLittle({ test_seconds, max_bytes }: Input, direction: Direction, transfer: Transfer): Finding[] {
  const { bytes, duration_ms, requests } = transfer;
  if (refused(direction, transfer).length > 0) return [];
  if (bytes === 0) return [finding("error", "nothing_received", `nothing of the ${direction}load arrived`)];
  const wanted = test_seconds * 1000;
  if (requests === null || bytes >= max_bytes || (duration_ms ?? 0) >= wanted * SHORT_SHARE) return [];
  const message = `the ${direction}load took ${Math.round(duration_ms ?? 0)} ms of ${wanted} ms: what the server offers is too short to measure`;
  return [finding("warning", "too_little_data", message, wanted, Math.round(duration_ms ?? 0))];
}

function unmet(severity: Finding["severity"], wanted: Expectations, direction: Direction, seen: Transfer): Finding[] {
  const above = (reason: string, what: string, most: number | undefined, actual: number | null | undefined): Finding[] =>
    most === undefined || (typeof actual === "number" && actual <= most)
      ? []
      : [finding(severity, reason, `${what} is ${actual ?? "unknown"}, and should be at most ${most}`, most, actual ?? null)];
  const least = direction === "down" ? wanted.min_down_bits_per_second : wanted.min_up_bits_per_second;
  const rate = seen.bits_per_second ?? 0;
  return [
    ...(least === undefined || rate >= least
      ? []
      : [finding(severity, `${direction}load_slow`, `the ${direction}load ran at ${rate} bit/s, less than ${least}`, least, rate)]),
    ...above("retransmits_too_many", `the number of retransmits of the ${direction}load`, wanted.max_retransmits, seen.retransmits),
    ...above("loss_too_high", `the loss of the ${direction}load in percent`, wanted.max_loss_percent, seen.udp?.lost_percent),
    ...above("jitter_too_high", `the jitter of the ${direction}load in ms`, wanted.max_jitter_ms, seen.udp?.jitter_ms),
    ...above("loaded_latency_too_high", `the median round trip during the ${direction}load in ms`, wanted.max_loaded_latency_ms, seen.latency?.median_ms),
  ];
}

function idle(severity: Finding["severity"], { max_idle_latency_ms: most }: Expectations, { latency, failure }: Seen): Finding[] {
  const actual = latency.idle?.median_ms ?? null;
  if (most === undefined || (actual !== null && actual <= most) || (actual === null && failure !== null)) return [];
  return [
    finding(
      severity,
      "idle_latency_too_high",
      `the median round trip before the transfers is ${actual ?? "unknown"} ms, and should be at most ${most}`,
      most,
      actual,
    ),
  ];
}
