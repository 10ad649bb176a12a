import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { newest, Output } from "../../../probes/performance.bandwidth/schema.js";
import { run } from "../../../runner/harness/run.js";
import type { GivenOf } from "../../../schemas/contract.js";
import { type Iperf3Server, startIperf3 } from "../../support/iperf3.js";
import { programPath } from "../../support/programs.js";
import { realServer } from "../../support/real-servers.js";

type Input = GivenOf<(typeof newest)["input"]>;

interface Sum {
  readonly bytes: number;
  readonly bits_per_second: number;
  readonly retransmits?: number;
  readonly packets?: number;
  readonly lost_packets?: number;
  readonly jitter_ms?: number;
}

/** The parts of what iperf3 -J prints that are compared. */
interface Report {
  readonly start: { readonly version: string; readonly test_start: object };
  readonly intervals: readonly { readonly sum: Sum }[];
  readonly end: { readonly sum_sent: Sum; readonly sum_received: Sum; readonly sum: Sum };
}

const path = process.env.PATH;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "probe-run-bandwidth-"));
  process.env.PATH = `${folder}:${path}`;
});
afterEach(() => {
  process.env.PATH = path;
  rmSync(folder, { recursive: true });
});

/** What stands for iperf3 on the PATH. */
function iperf3Is(script: string): void {
  const file = join(folder, "iperf3");
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
}

/** Plays what iperf3 prints. It ends with 0 also if it failed. */
function iperf3Prints(text: string, afterwards = ""): void {
  writeFileSync(join(folder, "stdout"), text);
  iperf3Is(`echo "$@" >> '${folder}/arguments'\ncat '${folder}/stdout'\n${afterwards}`);
}

async function measure(input: Input = {}): Promise<Output> {
  const usual: Input = { mode: "iperf3", target_host: "127.0.0.1", test_seconds: 1, latency: "none" };
  return (await run("performance.bandwidth", { ...usual, ...input })).output as Output;
}

realServer("performance.bandwidth against iperf3", ["iperf3"], () => {
  let server: Iperf3Server;
  beforeAll(async () => {
    server = await startIperf3();
  });
  afterAll(() => server?.stop());

  /** What the real iperf3 printed, beside what the probe made of it. */
  const recorded = async (input: Input): Promise<{ output: Output; reports: Report[] }> => {
    iperf3Is(`n=$(ls '${folder}' | grep -c report)\n'${programPath("iperf3")}' "$@" | tee '${folder}/report'$n`);
    const output = await measure({ target_port: server.port, max_bits_per_second: 8_000_000, ...input });
    const reports = [0, 1].map((n) => join(folder, `report${n}`)).filter(existsSync);
    return { output, reports: reports.map((file) => JSON.parse(readFileSync(file, "utf8"))) };
  };

  test("the facts are those of iperf3 -J, in both directions", async () => {
    const { output, reports } = await recorded({ streams: 2 });
    expect(output).toMatchObject({ status: "ok", failure: null, ip_address: "127.0.0.1", target: `127.0.0.1 port ${server.port}`, findings: [] });
    expect(reports).toHaveLength(2);
    for (const [index, direction] of (["down", "up"] as const).entries()) {
      const { end, intervals, start } = reports[index] as Report;
      expect(output.iperf3_version).toBe(start.version);
      expect(start.test_start).toMatchObject({ reverse: direction === "down" ? 1 : 0, num_streams: 2, duration: 1, protocol: "TCP" });
      expect(output[direction]).toMatchObject({
        bits_per_second: Math.round(end.sum_received.bits_per_second),
        sent_bits_per_second: Math.round(end.sum_sent.bits_per_second),
        bytes: end.sum_received.bytes,
        retransmits: end.sum_sent.retransmits,
        udp: null,
        streams: 2,
      });
      expect(output[direction]?.intervals.map(({ bytes }) => bytes)).toEqual(intervals.map(({ sum }) => sum.bytes));
      // The rate is for each stream, and the cap for all.
      expect(end.sum_sent.bits_per_second).toBeLessThan(10_000_000);
    }
    expect(output.up?.tcp_rtt?.mean_ms).toBeGreaterThan(0);
    expect(output.down?.tcp_rtt).toBeNull();
    expect(output.bytes_used).toBe((output.down?.bytes ?? 0) + (output.up?.bytes ?? 0));
  });

  test("UDP: losses and jitter are those of iperf3 -J", async () => {
    const { output, reports } = await recorded({ udp: true, direction: "down", max_bits_per_second: 2_000_000 });
    const { end } = reports[0] as Report;
    expect(output.down).toMatchObject({
      bytes: end.sum_received.bytes,
      udp: { packets: end.sum.packets, lost: end.sum.lost_packets, jitter_ms: Math.round((end.sum.jitter_ms as number) * 1000) / 1000 },
      retransmits: null,
    });
    expect(output.down?.udp?.packets).toBeGreaterThan(100);
  });

  test("a small number of bytes lowers the rate", async () => {
    const { output } = await recorded({ direction: "up", max_bytes: 100_000 });
    expect(output.up?.bytes).toBeLessThanOrEqual(150_000);
    expect(output.up?.bytes).toBeGreaterThan(10_000);
  });

  test("a server that is busy is reported as it says it, and may be asked again", async () => {
    const other = await startIperf3();
    try {
      const busy = spawn(programPath("iperf3") as string, ["-c", "127.0.0.1", "-p", String(other.port), "-t", "30", "-b", "1M", "--forceflush"], {
        stdio: ["ignore", "pipe", "ignore"],
      });
      // Its first interval is over: the server has begun.
      for await (const line of busy.stdout) if (String(line).includes("Mbits/sec")) break;
      const output = await measure({ target_port: other.port });
      expect(output).toMatchObject({
        status: "error",
        failure: { phase: "transfer", code: "reply_rejected", retryable: true },
        down: null,
        up: null,
        bytes_used: 0,
      });
      busy.kill();
      await once(busy, "exit");
    } finally {
      await other.stop();
    }
  });

  test("nothing listens", async () => {
    const gone = await startIperf3();
    await gone.stop();
    expect(await measure({ target_port: gone.port })).toMatchObject({ failure: { phase: "connect", code: "refused", retryable: true }, ip_address: null });
  });

  test("a run that ends early keeps what was measured, and iperf3 ends with it", async () => {
    const output = await measure({ target_port: server.port, test_seconds: 30, timeout_ms: 3500, direction: "up", max_bits_per_second: 1_000_000 });
    expect(output).toMatchObject({ status: "error", failure: { phase: "transfer", code: "timeout" } });
    // On a busy machine it may be ended before it prints.
    if (output.up !== null) expect(output.up.intervals.length).toBeGreaterThanOrEqual(1);
  });

  test("round trips by the system's ping, before and during the transfer", async () => {
    if (programPath("ping") === null) return;
    const output = await measure({ target_port: server.port, direction: "down", latency: "auto", max_bits_per_second: 1_000_000 });
    expect(output.latency.method).toMatch(/^(icmp|none)$/);
    if (output.latency.method === "icmp") expect(output).toMatchObject({ latency: { idle: { sent: 5 } }, down: { latency: { sent: expect.any(Number) } } });
    else expect(output.latency.error).not.toBeNull();
  });
});

describe("what iperf3 says", () => {
  const failing = (error: string, more = {}) => JSON.stringify({ start: { connected: [], version: "iperf 3.12" }, intervals: [], end: {}, error, ...more });

  // Written from iperf3's own table of errors (iperf_error.c), before the code was run on them.
  test.each<[error: string, phase: string, code: string, retryable: boolean]>([
    ["the server is busy running a test. try again later", "transfer", "reply_rejected", true],
    ["test authorization failed", "auth", "reply_rejected", false],
    ["unable to connect to server: Connection refused", "connect", "refused", true],
    ["unable to connect to server: No route to host", "connect", "unreachable", true],
    ["unable to connect to server: Network is unreachable", "connect", "unreachable", true],
    ["unable to connect to server: Connection timed out", "connect", "timeout", true],
    ["unable to connect to server: Operation now in progress", "connect", "timeout", true],
    ["control socket has closed unexpectedly", "transfer", "closed", true],
    ["the server has terminated", "transfer", "closed", true],
    ["unable to receive control message: Connection reset by peer", "transfer", "reset", true],
    ["unable to read from stream socket: Resource temporarily unavailable", "transfer", "timeout", true],
    ["received an unknown control message", "transfer", "protocol_violation", false],
    ["unable to receive results", "transfer", "protocol_violation", false],
  ])("%s", async (error, phase, code, retryable) => {
    iperf3Prints(failing(error));
    expect(await measure()).toMatchObject({ status: "error", failure: { phase, code, retryable, message: error }, down: null, up: null });
  });

  test("its error counts, also beside a whole result and an exit code of 0", async () => {
    const sum = { seconds: 1, bytes: 1000, bits_per_second: 8000 };
    iperf3Prints(failing("control socket has closed unexpectedly", { end: { sum_sent: sum, sum_received: sum } }));
    expect(await measure()).toMatchObject({ status: "error", failure: { code: "closed" }, down: { bytes: 1000 } });
  });

  test("a test that broke off has its intervals", async () => {
    iperf3Prints(failing("control socket has closed unexpectedly", { intervals: [{ sum: { start: 0, seconds: 1, bytes: 5000, bits_per_second: 40000 } }] }));
    expect((await measure()).down).toMatchObject({ bits_per_second: null, bytes: 5000, intervals: [{ at_ms: 0, duration_ms: 1000, bytes: 5000 }] });
  });

  test("the sum of UDP of versions before 3.12 counts what was lost", async () => {
    const sum = { seconds: 1, bytes: 100_000, bits_per_second: 800_000, jitter_ms: 0.5, lost_packets: 25, packets: 100, lost_percent: 25 };
    iperf3Prints(JSON.stringify({ start: { version: "iperf 3.7" }, intervals: [], end: { streams: [{ udp: sum }], sum } }));
    const output = await measure({ udp: true, direction: "down", expect: { max_loss_percent: 10, max_jitter_ms: 1 } });
    expect(output).toMatchObject({
      status: "error",
      down: { bits_per_second: 600_000, bytes: 75_000, udp: { packets: 100, lost: 25, lost_percent: 25, jitter_ms: 0.5 } },
      findings: [{ reason: "loss_too_high" }],
    });
  });

  test.each([
    ["nothing", ""],
    ["text", "iperf3: error - something\n"],
    ["JSON that is cut", '{"start": {"connected": ['],
    ["a list", "[1, 2]"],
    ["null", "null"],
  ])("%s is no report", async (_, text) => {
    iperf3Prints(text);
    expect(await measure()).toMatchObject({ status: "error", failure: { phase: "transfer", code: "protocol_violation" }, bytes_used: 0 });
  });

  test("nonsense numbers are no facts", async () => {
    const sum = { seconds: -1, bytes: 1e300, bits_per_second: -5, retransmits: "many" };
    iperf3Prints(
      JSON.stringify({ start: 7, intervals: [null, { sum: [] }, { sum: { ...sum, bytes: 1 } }], end: { streams: "x", sum_sent: sum, sum_received: sum } }),
    );
    expect(await measure()).toMatchObject({ failure: null, down: null, up: null, bytes_used: 0 });
  });

  test("zero bytes received is no rate", async () => {
    const sum = { seconds: 1, bytes: 0, bits_per_second: 0, retransmits: 3 };
    iperf3Prints(JSON.stringify({ start: {}, intervals: [], end: { streams: [], sum_sent: sum, sum_received: sum } }));
    expect(await measure({ direction: "up" })).toMatchObject({
      status: "error",
      up: { bytes: 0, bits_per_second: 0 },
      findings: [{ reason: "nothing_received" }],
    });
  });

  test("endless output ends with a limit", async () => {
    iperf3Is("yes '{ \"start\": 1 }'");
    expect(await measure()).toMatchObject({ failure: { code: "limit_exceeded" } });
  });

  test("one that hangs ends with the run", async () => {
    iperf3Is("sleep 60");
    expect(await measure({ timeout_ms: 300 })).toMatchObject({ failure: { phase: "transfer", code: "timeout" } });
  });

  test("its arguments: the address, the rate for each stream, and no shell", async () => {
    iperf3Prints(failing("control socket has closed unexpectedly"));
    await measure({ streams: 4, test_seconds: 2, direction: "up", max_bytes: 1_000_000, source_address: "127.0.0.1" });
    expect(readFileSync(join(folder, "arguments"), "utf8").trim()).toBe(
      "--json -4 --client 127.0.0.1 --port 5201 --time 2 --interval 1 --parallel 4 --bitrate 1000000 --length 12500 --connect-timeout 5000 --bind 127.0.0.1",
    );
  });
});

test("a missing iperf3 ends the command with 3, and says how to get it", async () => {
  process.env.PATH = folder;
  await expect(measure()).rejects.toThrow(/iperf3 is not installed: apt-get install iperf3/);
});
