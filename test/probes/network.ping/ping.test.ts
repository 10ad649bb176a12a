import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Output } from "../../../probes/network.ping/schema.js";
import { run } from "../../../runner/harness/run.js";
import { listen } from "../../../runner/net/transport/listen.js";
import { freePorts } from "../../support/free-ports.js";
import { realServer } from "../../support/real-servers.js";

async function ping(input: object = {}): Promise<Output> {
  return (await run("network.ping", { target_host: "127.0.0.1", ...input } as never)).output as Output;
}

/** Plays what ping of iputils prints on links that a test machine does not have. */
describe("what ping prints", () => {
  const path = process.env.PATH;
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "probe-run-ping-"));
    process.env.PATH = `${folder}:${path}`;
  });
  afterEach(() => {
    process.env.PATH = path;
    rmSync(folder, { recursive: true });
  });

  const plays = (lines: readonly string[], { code = 0, stderr = "", afterwards = "" } = {}): void => {
    writeFileSync(join(folder, "stdout"), lines.map((line) => `${line}\n`).join(""));
    writeFileSync(join(folder, "stderr"), stderr);
    const script = `#!/bin/sh\necho "$@" > '${folder}/arguments'\ncat '${folder}/stdout'\ncat '${folder}/stderr' >&2\n${afterwards}\nexit ${code}\n`;
    writeFileSync(join(folder, "ping"), script);
    chmodSync(join(folder, "ping"), 0o755);
  };
  const HEAD = "PING 192.0.2.1 (192.0.2.1) 56(84) bytes of data.";
  const reply = (seq: number, time: string, rest = "") => `[1795929536.1] 64 bytes from 192.0.2.1: icmp_seq=${seq} ttl=57 time=${time} ms${rest}`;
  const summary = (sent: number, received: number, more = "") => `${sent} packets transmitted, ${received} received,${more} x% packet loss, time 1ms`;

  test("loss, a late reply and reordering", async () => {
    plays([
      HEAD,
      reply(1, "10.0"),
      "[1.2] no answer yet for icmp_seq=2",
      reply(4, "10.5"),
      reply(2, "210"),
      "",
      "--- 192.0.2.1 ping statistics ---",
      summary(5, 3),
    ]);
    const output = await ping();
    expect(output).toMatchObject({ status: "ok", sent: 5, received: 3, duplicates: 0, errors: 0, loss_percent: 40 });
    expect(output.packets.map(({ seq, outcome, rtt_ms }) => [seq, outcome, rtt_ms])).toEqual([
      [1, "reply", 10],
      [2, "reply", 210],
      [3, "lost", null],
      [4, "reply", 10.5],
      [5, "lost", null],
    ]);
    expect(output.rtt).toEqual({ min_ms: 10, avg_ms: 76.833, median_ms: 10.5, p95_ms: 210, max_ms: 210, stddev_ms: 94.163 });
    expect(output.jitter_ms).toBe(199.75);
  });

  test("duplicates count neither as sent nor as received", async () => {
    plays([HEAD, reply(1, "1.00"), reply(1, "1.10", " (DUP!)"), reply(1, "1.20", " (DUP!)"), reply(2, "1.00"), summary(2, 2, " +2 duplicates,")]);
    expect(await ping({ prefer: { max_duplicates: 0 } })).toMatchObject({
      ...{ status: "warning", sent: 2, received: 2, duplicates: 2, loss_percent: 0 },
      findings: [{ reason: "too_many_duplicates" }],
    });
  });

  test.each<[what: string, line: string, packet: object]>([
    ["a router that has no route", "From 198.51.100.1 icmp_seq=1 Destination Net Unreachable", { icmp_type: 3, icmp_code: 0, from: "198.51.100.1" }],
    ["a neighbour that is off", "From 198.51.100.1 icmp_seq=1 Destination Host Unreachable", { icmp_type: 3, icmp_code: 1 }],
    ["a firewall", "From 198.51.100.1 icmp_seq=1 Packet filtered", { icmp_type: 3, icmp_code: 13 }],
    ["a ttl that is too small", "From 198.51.100.9 icmp_seq=1 Time to live exceeded", { icmp_type: 11, icmp_code: 0 }],
    ["a packet that is too large", "From 198.51.100.9 icmp_seq=1 Frag needed and DF set (mtu = 1400)", { icmp_type: 3, icmp_code: 4, mtu: 1400 }],
  ])("%s", async (_, line, packet) => {
    plays([HEAD, line, "", summary(1, 0, " +1 errors,")], { code: 1 });
    const output = await ping({ count: 1 });
    expect(output).toMatchObject({
      status: "error",
      sent: 1,
      received: 0,
      errors: 1,
      loss_percent: 100,
      packets: [{ outcome: "error", rtt_ms: null, ...packet }],
    });
    expect(output.findings).toMatchObject([{ reason: "no_reply" }]);
  });

  test("all lost is an error, unless that is expected", async () => {
    plays([HEAD, summary(2, 0)], { code: 1 });
    expect(await ping()).toMatchObject({ status: "error", loss_percent: 100, rtt: { avg_ms: null }, jitter_ms: null, findings: [{ reason: "no_reply" }] });
    expect(await ping({ expect: { max_loss_percent: 100 } })).toMatchObject({ status: "ok", findings: [] });
  });

  test("a payload that came back changed, and a reply from another address", async () => {
    plays([HEAD, reply(1, "1.0"), "wrong data byte #16 should be 0x10 but was 0xff", reply(2, "1.0", " (DIFFERENT ADDRESS!)"), summary(2, 2)]);
    expect(await ping()).toMatchObject({
      status: "warning",
      received: 2,
      packets: [{ outcome: "corrupt" }, { outcome: "corrupt" }],
      findings: [{ reason: "corrupt_replies" }],
    });
  });

  test("a packet that this machine refuses to send", async () => {
    plays([HEAD, summary(1, 0, " +1 errors,")], { code: 1, stderr: "ping: local error: message too long, mtu=1500\n" });
    expect(await ping({ dont_fragment: true, size: 3000 })).toMatchObject({
      status: "error",
      packets: [{ outcome: "error", mtu: 1500, message: "message too long, mtu=1500" }],
    });
  });

  test("no route is a failure", async () => {
    plays([], { code: 2, stderr: "ping: connect: Network is unreachable\n" });
    expect(await ping()).toMatchObject({ status: "error", failure: { phase: "connect", code: "unreachable" }, sent: 0, loss_percent: null });
  });

  test.each([
    ["ping: socket: Operation not permitted\n", /NET_RAW/],
    ["ping: unrecognized option: D\nBusyBox v1.36\n", /iputils/],
  ])("%j cannot run, which says nothing of the host", async (stderr, message) => {
    plays([], { code: 2, stderr });
    await expect(ping()).rejects.toMatchObject({ name: "MissingProgramError", message: expect.stringMatching(message) });
  });

  test("output without end is bounded, and what the program started ends with it", async () => {
    plays([HEAD], { afterwards: "sleep 1000 & yes '64 bytes from'; wait" });
    expect(await ping()).toMatchObject({ status: "error", failure: { code: "limit_exceeded" } });
  });

  test("a program that ignores signals ends with the run, and what it printed counts", async () => {
    plays([HEAD, reply(1, "1.0")], { afterwards: "trap '' INT TERM; while :; do sleep 0.05; done" });
    const began = performance.now();
    expect(await ping({ timeout_ms: 500 })).toMatchObject({ status: "error", failure: { code: "timeout" }, sent: 1, received: 1 });
    expect(performance.now() - began).toBeLessThan(10_000);
  });

  test("the address that was looked up is given, and no name", async () => {
    plays([HEAD, reply(1, "1.0"), summary(1, 1)], {});
    await ping({ target_host: "localhost", address_family: "ipv4", count: 1 });
    expect(readFileSync(join(folder, "arguments"), "utf8").trim()).toMatch(/^-4 -n -D -O -c 1 -i 0.2 -W 2 -s 56 -M dont 127\.0\.0\.1$/);
    await expect(ping({ target_host: "-f" })).rejects.toMatchObject({ name: "RequestError" });
  });
});

describe("method tcp", () => {
  test("takes a connection and a refusal as replies", async () => {
    const server = await listen((socket) => void socket.resume());
    const [closed] = (await freePorts(1)) as [number];
    const input = { method: "tcp", count: 3 };
    const opened = await ping({ ...input, target_port: server.port });
    await server.close();
    expect(opened).toMatchObject({
      status: "ok",
      sent: 3,
      received: 3,
      loss_percent: 0,
      packets: [{ outcome: "reply" }, { outcome: "reply" }, { outcome: "reply" }],
    });
    expect(opened.packets[0]?.rtt_ms).toBeGreaterThan(0);
    expect(await ping({ ...input, target_port: closed })).toMatchObject({ status: "ok", received: 3, packets: [{ outcome: "refused" }, {}, {}] });
  });

  test("a name that does not exist is a failure", async () => {
    expect(await ping({ method: "tcp", target_host: "nothing.invalid" })).toMatchObject({
      status: "error",
      failure: { phase: "resolve" },
      sent: 0,
      loss_percent: null,
    });
  });
});

realServer("ping of iputils", ["ping"], () => {
  const hasIpv6 = Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address === "::1"));
  test.each(hasIpv6 ? ["127.0.0.1", "::1"] : ["127.0.0.1"])("on the loopback: %s", async (target_host) => {
    const output = await ping({ target_host, count: 3 });
    expect(output).toMatchObject({ status: "ok", failure: null, ip_address: target_host, sent: 3, received: 3, duplicates: 0, errors: 0, loss_percent: 0 });
    expect(output.packets.map(({ seq, from, outcome }) => ({ seq, from, outcome }))).toEqual(
      [1, 2, 3].map((seq) => ({ seq, from: target_host, outcome: "reply" })),
    );
    expect(output.operations.map(({ name }) => name)).toEqual(["packet 1", "packet 2", "packet 3"]);
  });
});
