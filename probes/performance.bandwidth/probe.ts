import { certificateViolations } from "../../runner/harness/check-certificates.js";
import type { Context } from "../../runner/harness/context.js";
import { defineProbe, type Evidence } from "../../runner/harness/define-probe.js";
import type { Exchange } from "../../runner/net/http/exchange.js";
import { hostTurn } from "../../runner/net/transport/host-turn.js";
import { round } from "../../runner/run/clock.js";
import { statusOf } from "../../runner/run/judge.js";
import type { Violation } from "../../runner/support/request-error.js";
import { transferByHttp } from "./by-http.js";
import { transferByIperf3 } from "./by-iperf3.js";
import { judge } from "./judge.js";
import { Latency } from "./latency.js";
import { Meter } from "./meter.js";
import { type Direction, type Input, newest, type Output, type Transfer } from "./schema.js";

export default defineProbe({
  name: "performance.bandwidth",
  summary: "Measures download and upload by HTTP or iperf3, with the round trips before and during them.",
  needs: ["tcp", "tls", "program", "ping"],
  target: "url",
  ...newest,
  checkInput: (input) => [...certificateViolations("/tls/ca", input.tls.ca), ...modeViolations(input)],
  usualTimeoutMs: (input) => 30_000 + directionsOf(input).length * (input.test_seconds + 5) * 1000,
  run,
});

type Ctx = Context<"tcp" | "tls" | "program" | "ping">;
type Facts = Pick<Output, "down" | "up" | "iperf3_version">;

async function run(input: Input, ctx: Ctx): Promise<Evidence<Output>> {
  const facts: Facts = { down: null, up: null, iperf3_version: null };
  const latency = new Latency(ctx, input);
  const failure = await ctx.attempt(async () => {
    const release = await hostTurn(ctx.run, "performance.bandwidth", hostOf(input));
    try {
      await latency.measureIdle();
      for (const direction of directionsOf(input)) await measure(ctx, input, direction, facts, latency);
    } finally {
      release();
    }
  });
  const { mode } = input;
  const target = mode === "http" ? (input.url as string) : `${input.target_host} port ${input.target_port}`;
  const { down, up, iperf3_version } = facts;
  const seen = { down, up, latency: latencyOf(latency, facts) };
  const findings = judge(input, { ...seen, failure });
  const bytes_used = (down?.bytes ?? 0) + (up?.bytes ?? 0);
  return { status: statusOf(failure, findings), failure, mode, target, ...seen, bytes_used, iperf3_version, findings };
}

async function measure(ctx: Ctx, input: Input, direction: Direction, facts: Facts, latency: Latency): Promise<void> {
  const measured = await (input.mode === "http" ? overHttp(ctx, input, direction, facts, latency) : overIperf3(ctx, input, direction, facts, latency));
  const transfer = facts[direction];
  if (transfer !== null) transfer.latency = measured;
}

async function overHttp(ctx: Ctx, input: Input, direction: Direction, facts: Facts, latency: Latency): Promise<Transfer["latency"]> {
  const exchanges: Exchange[] = [];
  const { max_bytes: maxBytes, max_bits_per_second: maxBitsPerSecond, test_seconds } = input;
  const meter = new Meter({ testMs: test_seconds * 1000, maxBytes, maxBitsPerSecond });
  try {
    return await latency.during(transferByHttp(ctx, input, direction, meter, exchanges));
  } finally {
    // Without a byte there was no transfer.
    if (exchanges.some(({ head }) => head !== null) || meter.bytes > 0) facts[direction] = transferOf(meter, exchanges, input.streams);
  }
}

function transferOf(meter: Meter, exchanges: readonly Exchange[], streams: number): Transfer {
  const { bitsPerSecond: bits_per_second, bytes, durationMs: duration_ms, intervals } = meter;
  const status_codes = [...new Set(exchanges.flatMap(({ head }) => head?.status ?? []))];
  return {
    ...{ bits_per_second, sent_bits_per_second: null, bytes, duration_ms, streams, requests: exchanges.length, status_codes },
    ...{ retransmits: null, udp: null, tcp_rtt: null, latency: null, intervals },
  };
}

function overIperf3(ctx: Ctx, input: Input, direction: Direction, facts: Facts, latency: Latency): Promise<Transfer["latency"]> {
  return latency.during(
    transferByIperf3(ctx, input, direction, ({ version, transfer }) => {
      facts.iperf3_version = version;
      if (transfer.bytes > 0 || transfer.bits_per_second !== null) facts[direction] = { ...transfer, latency: null };
    }),
  );
}

function latencyOf({ method, error, idle }: Latency, { down, up }: Facts): Output["latency"] {
  const loaded = [down, up].flatMap((transfer) => transfer?.latency?.median_ms ?? []);
  const before = idle?.median_ms ?? null;
  const increase_ms = before === null || loaded.length === 0 ? null : round(Math.max(...loaded) - before);
  return { method, error, idle, increase_ms };
}

function directionsOf({ mode, direction, upload_url }: Pick<Input, "mode" | "direction" | "upload_url">): Direction[] {
  const wanted = direction ?? (mode === "iperf3" || upload_url !== undefined ? "both" : "down");
  return wanted === "both" ? ["down", "up"] : [wanted];
}

function hostOf({ mode, url, target_host }: Input): string {
  return mode === "http" ? new URL(url as string).hostname : (target_host as string);
}

function modeViolations(input: Input): Violation[] {
  const { mode, url, target_host, udp, latency, ping_port } = input;
  const violation = (pointer: string, message: string): Violation => ({ pointer, message, hint: null });
  if (mode === "http")
    return [...(url === undefined ? [violation("/url", "is required for mode http")] : []), ...(udp ? [violation("/udp", "needs mode iperf3")] : [])];
  return [
    ...(target_host === undefined ? [violation("/target_host", "is required for mode iperf3")] : []),
    // A connection to the server's own port would disturb the test that it runs.
    ...(latency === "tcp" && ping_port === undefined ? [violation("/ping_port", "is required for latency tcp with mode iperf3")] : []),
    ...(ping_port === input.target_port ? [violation("/ping_port", "must not be the port of iperf3: the connections would disturb the test")] : []),
  ];
}
