import type { Context } from "../../runner/harness/context.js";
import type { Address } from "../../runner/net/transport/address.js";
import type { Packages } from "../../runner/program/missing-program.js";
import { FailureError, failureError } from "../../runner/run/failure-error.js";
import { ENDED } from "../../runner/run/run-state.js";
import { type Iperf3Report, readIperf3Report } from "./iperf3-report.js";
import type { Direction, Input } from "./schema.js";

type Ctx = Context<"tcp" | "program">;

const PACKAGES: Packages = { debian: "iperf3", alpine: "iperf3", fedora: "iperf3", macos: "iperf3" };

/** One direction by the system's iperf3. `took` gets its report also if it failed: what was measured before stays. */
export async function transferByIperf3(ctx: Ctx, input: Input, direction: Direction, took: (report: Iperf3Report) => void): Promise<void> {
  const addresses = await ctx.tcp.addressesOf({ ...input, host: input.target_host as string });
  for (const [index, address] of addresses.entries()) {
    const { failure } = await measure(ctx, input, direction, address, took);
    if (failure === null) return;
    const isLast = index === addresses.length - 1;
    if (failure.phase !== "connect" || isLast) throw new FailureError(failure);
  }
}

async function measure(ctx: Ctx, input: Input, direction: Direction, address: Address, took: (report: Iperf3Report) => void): Promise<Iperf3Report> {
  const lines: string[] = [];
  const result = await ctx.operation(`${direction} iperf3`, async (operation) => {
    operation.reply(null, `${address.address} ${input.target_port}`);
    return ctx.program.run({
      program: "iperf3",
      arguments: argumentsOf(input, direction, address),
      packages: PACKAGES,
      interrupt: "SIGINT",
      onLine: (line) => void lines.push(line),
    });
  });
  const { reason } = ctx.run.deadline;
  const report = readIperf3Report(lines.join("\n"), input.streams);
  if (report !== null) took(report);
  // It names an address that it has connected to.
  if (typeof report?.address === "string") ctx.program.reached(address.address);
  if (reason !== null) throw failureError("transfer", reason, ENDED[reason]);
  if (report === null) throw failureError("transfer", "protocol_violation", `iperf3 gave no report: ${wordsOf(result)}`);
  return report;
}

function wordsOf({ code, stderr }: { readonly code: number | null; readonly stderr: string }): string {
  const line = stderr.split("\n").find((each) => each.trim() !== "");
  return line?.slice(0, 300) ?? `it ended with ${code ?? "a signal"}`;
}

/** iperf3 takes a rate for each stream, and either a time or a number of bytes: so the rate is chosen to keep to both. */
function argumentsOf(input: Input, direction: Direction, { address, family }: Address): string[] {
  const { target_port, test_seconds, streams, udp, max_bits_per_second, max_bytes, connect_timeout_ms, source_address } = input;
  const rate = Math.min(max_bits_per_second, (max_bytes * 8) / test_seconds) / streams;
  return [
    "--json",
    family === 4 ? "-4" : "-6",
    ...["--client", address],
    ...["--port", String(target_port)],
    ...["--time", String(test_seconds)],
    ...["--interval", "1"],
    ...["--parallel", String(streams)],
    ...["--bitrate", String(Math.max(1, Math.floor(rate)))],
    // A block is sent whole: the usual one of 128 KiB would exceed a small budget at once.
    ...["--length", String(blockBytes(rate, udp))],
    ...["--connect-timeout", String(connect_timeout_ms)],
    ...(direction === "down" ? ["--reverse"] : []),
    ...(udp ? ["--udp"] : []),
    ...(source_address === undefined ? [] : ["--bind", source_address]),
  ];
}

/** Ten blocks a second or more. A packet of UDP fits Ethernet, also in a tunnel. */
function blockBytes(rate: number, udp: boolean): number {
  const [least, most] = udp ? [64, 1200] : [1000, 131_072];
  return Math.max(least, Math.min(most, Math.floor(rate / 80)));
}
