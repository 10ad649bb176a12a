import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Output } from "../../../probes/network.traceroute/schema.js";
import { run } from "../../../runner/harness/run.js";
import { realServer } from "../../support/real-servers.js";

async function trace(input: object = {}): Promise<Output> {
  return (await run("network.traceroute", { target_host: "192.0.2.9", ...input } as never)).output as Output;
}

/** Plays what traceroute prints on paths that a test machine does not have. */
describe("what traceroute prints", () => {
  const path = process.env.PATH;
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "probe-run-traceroute-"));
    process.env.PATH = `${folder}:${path}`;
  });
  afterEach(() => {
    process.env.PATH = path;
    rmSync(folder, { recursive: true });
  });

  const plays = (lines: readonly string[], { code = 0, stderr = "", afterwards = "" } = {}): void => {
    const head = "traceroute to 192.0.2.9 (192.0.2.9), 30 hops max, 60 byte packets";
    writeFileSync(join(folder, "stdout"), [head, ...lines, ""].join("\n"));
    writeFileSync(join(folder, "stderr"), stderr);
    writeFileSync(join(folder, "traceroute"), `#!/bin/sh\ncat '${folder}/stdout'\ncat '${folder}/stderr' >&2\n${afterwards}\nexit ${code}\n`);
    chmodSync(join(folder, "traceroute"), 0o755);
  };

  test("silent hops in the middle, and two paths of equal length", async () => {
    plays([
      " 1  198.51.100.1  0.5 ms  0.6 ms  0.4 ms",
      " 2  * * *",
      " 3  198.51.100.3  2.0 ms 198.51.100.4  2.5 ms *",
      " 4  192.0.2.9  9.0 ms  10.0 ms  11.0 ms",
    ]);
    const output = await trace({ expect: { max_rtt_ms: 10, max_loss_percent: 0, path: ["198.51.100.1", "198.51.100.4"] } });
    expect(output).toMatchObject({ status: "ok", reached: true, hop_count: 4, loops: [] });
    expect(output.hops.map(({ ttl, addresses, loss_percent }) => ({ ttl, addresses, loss_percent }))).toEqual([
      { ttl: 1, addresses: ["198.51.100.1"], loss_percent: 0 },
      { ttl: 2, addresses: [], loss_percent: 100 },
      { ttl: 3, addresses: ["198.51.100.3", "198.51.100.4"], loss_percent: 33.333 },
      { ttl: 4, addresses: ["192.0.2.9"], loss_percent: 0 },
    ]);
    expect(output.operations.map(({ name }) => name)).toEqual(["hop 1", "hop 2", "hop 3", "hop 4"]);
  });

  test("a target that does not answer, and what a router reports", async () => {
    plays([" 1  198.51.100.1  0.5 ms", " 2  198.51.100.2  1.0 ms !X"]);
    expect(await trace()).toMatchObject({
      status: "error",
      reached: false,
      hop_count: null,
      findings: [{ reason: "reached", message: expect.stringContaining("administratively prohibited") }],
    });
    expect(await trace({ expect: { reached: false } })).toMatchObject({ status: "ok" });
  });

  test("a loop, and not a router that answers twice in a row", async () => {
    plays([
      " 1  198.51.100.1  1 ms",
      " 2  198.51.100.2  1 ms",
      " 3  198.51.100.2  1 ms",
      " 4  198.51.100.3  1 ms",
      " 5  198.51.100.2  1 ms",
      " 6  192.0.2.9  1 ms",
    ]);
    expect(await trace()).toMatchObject({ status: "warning", loops: ["198.51.100.2"], findings: [{ reason: "loop" }] });
  });

  test("the path MTU, and fragmentation", async () => {
    plays([" 1  F=1500 198.51.100.1  1 ms", " 2  198.51.100.2  1 ms !F-1400 198.51.100.2  1 ms", " 3  F=1400 192.0.2.9  1 ms"]);
    const output = await trace({ find_mtu: true });
    expect(output).toMatchObject({ status: "ok", path_mtu_bytes: 1400 });
    expect(output.hops[1]?.probes[0]?.message).toBe("fragmentation needed, the next hop takes 1400 bytes");
  });

  test("the same path has the same hash", async () => {
    plays([" 1  198.51.100.1  1 ms", " 2  192.0.2.9  1 ms"]);
    const first = await trace();
    plays([" 1  198.51.100.1  7 ms", " 2  192.0.2.9  9 ms"]);
    expect((await trace()).path_hash).toBe(first.path_hash);
    plays([" 1  198.51.100.77  1 ms", " 2  192.0.2.9  1 ms"]);
    expect((await trace()).path_hash).not.toBe(first.path_hash);
  });

  test("a missing privilege says nothing of the path", async () => {
    plays([], { code: 1, stderr: "You do not have enough privileges to use this traceroute method.\n" });
    await expect(trace({ protocol: "icmp" })).rejects.toMatchObject({ name: "MissingProgramError", message: expect.stringContaining("NET_RAW") });
  });

  test("the end of the run keeps the hops that answered", async () => {
    plays([" 1  198.51.100.1  1 ms"], { afterwards: "sleep 60" });
    expect(await trace({ timeout_ms: 500 })).toMatchObject({ status: "error", failure: { code: "timeout" }, hops: [{ ttl: 1 }] });
  });
});

realServer("traceroute for Linux", ["traceroute"], () => {
  test("the loopback is one hop away", async () => {
    expect(await trace({ target_host: "127.0.0.1" })).toMatchObject({
      status: "ok",
      reached: true,
      hop_count: 1,
      hops: [{ ttl: 1, addresses: ["127.0.0.1"], loss_percent: 0 }],
    });
  });
});
