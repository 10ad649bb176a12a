import { round } from "../../runner/run/clock.js";
import { type Failure, type FailureCode, failure, type Phase } from "../../schemas/failure.js";
import type { Transfer } from "./schema.js";

/** What one run of `iperf3 -J` reported. */
export interface Iperf3Report {
  readonly version: string | null;
  readonly address: string | null;
  readonly failure: Failure | null;
  readonly transfer: Omit<Transfer, "latency">;
}

/** Reads what `iperf3 -J` printed, its `error` first: it ends with 0 also if it failed (esnet/iperf#1405). Null if it is not a report. */
export function readIperf3Report(text: string, streams: number): Iperf3Report | null {
  const report = objectIn(text);
  if (report === null) return null;
  const { start, end, error } = report;
  const connected = objectOf(listOf(objectOf(start).connected)[0]);
  const intervals = listOf(report.intervals).slice(0, MAX_INTERVALS).flatMap(intervalOf);
  return {
    version: textOf(objectOf(start).version),
    address: textOf(connected.remote_host),
    failure: typeof error === "string" ? failureOf(error) : null,
    transfer: transferOf(objectOf(end), intervals, streams),
  };
}

/** A test lasts 60 seconds at most. */
const MAX_INTERVALS = 100;

function transferOf(end: Fields, intervals: Transfer["intervals"], streams: number): Omit<Transfer, "latency"> {
  const sent = objectOf(end.sum_sent);
  const hasEnded = "sum_received" in end || "sum" in end;
  const packets = objectOf(end.sum);
  // Before 3.12 there was no sum of the receiver for UDP: it counts what was lost, too.
  const received = "sum_received" in end ? objectOf(end.sum_received) : withoutLost(packets);
  const isUdp = listOf(end.streams).some((stream) => "udp" in objectOf(stream));
  // A test that broke off has no sum: its intervals say how far it got.
  const bytes = hasEnded ? integerOf(received.bytes) : intervals.reduce((sum, interval) => sum + interval.bytes, 0);
  const seconds = numberOf(received.seconds) ?? null;
  return {
    bits_per_second: hasEnded ? integerOf(received.bits_per_second) : null,
    sent_bits_per_second: integerOf(sent.bits_per_second),
    bytes: bytes ?? 0,
    duration_ms: seconds === null ? null : round(seconds * 1000),
    streams,
    requests: null,
    status_codes: [],
    retransmits: integerOf(sent.retransmits),
    udp: isUdp ? udpOf(packets) : null,
    tcp_rtt: rttOf(end),
    intervals,
  };
}

function withoutLost(sum: Fields): Fields {
  const all = numberOf(sum.packets) ?? 0;
  const lost = numberOf(sum.lost_packets) ?? 0;
  const share = all <= 0 || lost > all ? 1 : 1 - lost / all;
  return { ...sum, bytes: (numberOf(sum.bytes) ?? 0) * share, bits_per_second: (numberOf(sum.bits_per_second) ?? 0) * share };
}

function udpOf({ packets, lost_packets, jitter_ms }: Fields): Transfer["udp"] {
  const all = integerOf(packets) ?? 0;
  // Reordered packets were counted as lost first: the sum may be below zero.
  const lost = integerOf(lost_packets) ?? 0;
  const jitter = numberOf(jitter_ms);
  return { packets: all, lost, lost_percent: all === 0 ? null : round((lost / all) * 100), jitter_ms: jitter === null ? null : round(jitter) };
}

/** In microseconds; 0 where this machine was not the sender. */
function rttOf(end: Fields): Transfer["tcp_rtt"] {
  const senders = listOf(end.streams).map((stream) => objectOf(objectOf(stream).sender));
  const all = senders.flatMap(({ min_rtt, mean_rtt, max_rtt }) => {
    const [min, mean, max] = [numberOf(min_rtt), numberOf(mean_rtt), numberOf(max_rtt)];
    return min === null || mean === null || max === null || max === 0 ? [] : [{ min, mean, max }];
  });
  if (all.length === 0) return null;
  const inMs = (us: number): number => round(us / 1000);
  return {
    min_ms: inMs(Math.min(...all.map(({ min }) => min))),
    mean_ms: inMs(all.reduce((sum, { mean }) => sum + mean, 0) / all.length),
    max_ms: inMs(Math.max(...all.map(({ max }) => max))),
  };
}

function intervalOf(value: unknown): Transfer["intervals"] {
  const { start, seconds, bytes, bits_per_second, retransmits } = objectOf(objectOf(value).sum);
  const [at, duration, count, bits] = [numberOf(start), numberOf(seconds), integerOf(bytes), numberOf(bits_per_second)];
  if (at === null || duration === null || count === null || bits === null) return [];
  return [
    { at_ms: round(at * 1000), duration_ms: round(duration * 1000), bytes: count, bits_per_second: Math.round(bits), retransmits: integerOf(retransmits) },
  ];
}

/** What iperf3 says when it fails, by the beginning or a part of it. */
const ERRORS: readonly (readonly [words: RegExp, phase: Phase, code: FailureCode])[] = [
  [/server is busy/i, "transfer", "reply_rejected"],
  [/authorization failed/i, "auth", "reply_rejected"],
  [/must specify a username/i, "auth", "unsupported"],
  [/unable to connect.*refused/i, "connect", "refused"],
  [/unable to connect.*(unreachable|no route)/i, "connect", "unreachable"],
  [/unable to connect.*(timed out|in progress|timeout)/i, "connect", "timeout"],
  [/unable to connect.*reset/i, "connect", "reset"],
  [/connection reset|broken pipe/i, "transfer", "reset"],
  [/closed unexpectedly|has terminated|unexpectedly closed/i, "transfer", "closed"],
  [/timed out|temporarily unavailable|idle/i, "transfer", "timeout"],
  [/not supported|unimplemented|protocol does not/i, "transfer", "unsupported"],
  [/bitrate|limit/i, "transfer", "limit_exceeded"],
];

const MAX_MESSAGE = 500;

function failureOf(error: string): Failure {
  const message = error.slice(0, MAX_MESSAGE);
  const [, phase, code] = ERRORS.find(([words]) => words.test(message)) ?? [null, "transfer" as const, "protocol_violation" as const];
  // A busy server is free later.
  return { ...failure(phase, code, message), ...(/server is busy/i.test(message) ? { retryable: true } : {}) };
}

type Fields = Readonly<Record<string, unknown>>;

function objectIn(text: string): Fields | null {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === "object" && !Array.isArray(value) ? (value as Fields) : null;
  } catch {
    return null;
  }
}

function objectOf(value: unknown): Fields {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? (value as Fields) : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value.slice(0, 100) : null;
}

/** Beyond it, a number is nonsense: a petabit a second, or a petabyte. */
const MOST = 1e15;

function numberOf(value: unknown): number | null {
  return typeof value === "number" && value >= 0 && value <= MOST ? value : null;
}

function integerOf(value: unknown): number | null {
  const number = numberOf(value);
  return number === null ? null : Math.round(number);
}
