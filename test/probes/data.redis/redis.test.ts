import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Output } from "../../../probes/data.redis/schema.js";
import { run } from "../../../runner/harness/run.js";
import { selfSigned } from "../../../runner/lab/self-signed.js";
import { freePorts } from "../../support/free-ports.js";
import { programPath } from "../../support/programs.js";
import { realServer } from "../../support/real-servers.js";
import { type Redis, startRedis } from "../../support/redis.js";
import { type RunningDaemon, runDaemon } from "../../support/run-daemon.js";

async function ask(port: number, input: object = {}): Promise<Output> {
  return (await run("data.redis", { target_host: "127.0.0.1", target_port: port, command_timeout_ms: 4000, ...input } as never)).output as Output;
}

/** What redis-cli prints, logged in if the server wants that. */
function cli(port: number, ...words: string[]): string {
  const options = { encoding: "utf8" as const, stdio: ["ignore", "pipe", "ignore"] as ("ignore" | "pipe")[] };
  return execFileSync(programPath("redis-cli") as string, ["-h", "127.0.0.1", "-p", String(port), "-a", "correct-horse", ...words], options);
}

realServer("redis", ["redis-server", "redis-cli"], () => {
  const folder = mkdtempSync(join(tmpdir(), "probe-run-redis-tls-"));
  const open: { stop(): Promise<void> }[] = [];
  let primary: Redis;
  let tlsPort: number;
  const auth = { password: "correct-horse", allow_plaintext: true };

  beforeAll(async () => {
    [tlsPort] = (await freePorts(1)) as [number];
    const { certificate, key } = selfSigned({ names: ["localhost", "127.0.0.1"] });
    writeFileSync(join(folder, "cert.pem"), certificate);
    writeFileSync(join(folder, "key.pem"), key);
    const tls = [
      ["tls-port", String(tlsPort)],
      ["tls-cert-file", join(folder, "cert.pem")],
      ["tls-key-file", join(folder, "key.pem")],
      ["tls-auth-clients", "no"],
    ] as const;
    primary = await startRedis({
      isPersistent: false,
      more: [["requirepass", "correct-horse"], ["maxmemory", "64mb"], ["repl-diskless-sync-delay", "0"], ...tls],
    });
    open.push(primary);
    cli(primary.port, "SET", "answer", "42");
    cli(primary.port, "ACL", "SETUSER", "ann", "on", ">ann-password", "~*", "+get", "+hello", "+auth");
  }, 30_000);
  afterAll(async () => {
    for (const each of open) await each.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test("the same facts as redis-cli", async () => {
    const reads = [
      { command: "GET", arguments: ["answer"], value: "42" },
      { command: "MGET", arguments: ["answer", "missing"] },
      { command: "TTL", arguments: ["answer"] },
      { command: "DBSIZE" },
    ];
    const output = await ask(primary.port, { auth, reads, expect: { role: "primary", anonymous_access: false, max_clock_offset_ms: 60_000 } });
    expect(output).toMatchObject({ status: "ok", failure: null, resp_version: 3, mode: "standalone", loading: false, row_count: 4 });
    expect(output.rows).toEqual([["42"], ["42", null], [-1], [1]]);
    expect(output.memory).toMatchObject({ limit_bytes: 64 * 1024 * 1024, policy: "noeviction" });
    expect(cli(primary.port, "INFO", "server")).toContain(`redis_version:${output.server_version}\r\n`);
    expect(output.ping_ms).toBeGreaterThan(0);
    expect(JSON.stringify(output)).not.toContain("correct-horse");
  });

  test("each version of the protocol gives the same values", async () => {
    const reads = [
      { command: "HGET", arguments: ["none", "x"] },
      { command: "GET", arguments: ["answer"] },
      { command: "EXISTS", arguments: ["answer"] },
    ];
    for (const resp_version of ["2", "3"]) expect((await ask(primary.port, { auth, reads, resp_version })).rows).toEqual([[null], ["42"], [1]]);
  });

  test("no login, and a wrong one", async () => {
    expect(await ask(primary.port)).toMatchObject({ status: "error", anonymous_access: false, failure: { phase: "auth", code: "reply_rejected" } });
    expect(await ask(primary.port, { auth: { ...auth, password: "wrong-password" } })).toMatchObject({
      failure: { phase: "auth", code: "reply_rejected", message: expect.stringContaining("WRONGPASS") },
      auth: { accepted: false },
    });
  });

  test("a user of the ACL with read permission only", async () => {
    const login = { username: "ann", password: "ann-password", allow_plaintext: true };
    const output = await ask(primary.port, { auth: login, reads: [{ command: "GET", arguments: ["answer"] }, { command: "DBSIZE" }] });
    expect(output).toMatchObject({ failure: null, role: "primary", memory: null, rows: [["42"], []], findings: [{ reason: "read_refused" }] });
  });

  test("TLS, and TLS on the plain port", async () => {
    const tls = { mode: "implicit", verify: "ignore" };
    const login = { password: "correct-horse" };
    expect(await ask(tlsPort, { tls, auth: login })).toMatchObject({ status: "ok", tls: { version: "TLSv1.3" }, auth: { accepted: true } });
    expect(await ask(tlsPort, { tls: { ...tls, verify: "require" }, auth: login })).toMatchObject({ failure: { phase: "tls", code: "tls_certificate" } });
    expect(await ask(primary.port, { tls, auth: login, command_timeout_ms: 500 })).toMatchObject({ status: "error", failure: { phase: "tls" } });
    expect(await ask(tlsPort, { auth: { ...login, allow_plaintext: true }, command_timeout_ms: 500 })).toMatchObject({ status: "error" });
  });

  test("a database that does not exist", async () => {
    expect(await ask(primary.port, { auth, database: 15 })).toMatchObject({ status: "ok" });
    expect(await ask(primary.port, { auth, database: 16 })).toMatchObject({ failure: { phase: "query", code: "reply_rejected" } });
  });

  test("a replica, and one whose primary is unreachable", async () => {
    const [absent] = await freePorts(1);
    const more = [
      ["requirepass", "correct-horse"],
      ["masterauth", "correct-horse"],
    ] as const;
    const replica = await startRedis({ isPersistent: false, more: [...more, ["replicaof", `127.0.0.1 ${primary.port}`]] });
    open.push(replica);
    await expect.poll(() => cli(primary.port, "INFO", "replication"), { timeout: 10_000 }).toMatch(/state=online/);
    expect(await ask(replica.port, { auth, expect: { role: "replica" } })).toMatchObject({
      status: "ok",
      replication: { primary_host: "127.0.0.1", primary_port: primary.port, primary_link: "up" },
    });
    expect(await ask(primary.port, { auth, expect: { min_replicas: 1 } })).toMatchObject({ status: "ok", replication: { replicas: 1 } });
    const lonely = await startRedis({ isPersistent: false, more: [["replicaof", `127.0.0.1 ${absent}`]] });
    open.push(lonely);
    expect(await ask(lonely.port)).toMatchObject({ status: "warning", role: "replica", findings: [{ reason: "primary_link_down" }] });
  }, 30_000);

  test("a cluster without slots, and with all of them", async () => {
    const node = await startRedis({ isPersistent: false, more: [["cluster-enabled", "yes"]] });
    open.push(node);
    expect(await ask(node.port)).toMatchObject({ status: "error", mode: "cluster", cluster: { state: "fail" }, findings: [{ reason: "cluster_failed" }] });
    cli(node.port, "CLUSTER", "ADDSLOTSRANGE", "0", "16383");
    await expect.poll(() => cli(node.port, "CLUSTER", "INFO"), { timeout: 10_000 }).toContain("cluster_state:ok");
    expect(await ask(node.port)).toMatchObject({ status: "ok", cluster: { state: "ok", slots_ok: 16_384, known_nodes: 1, primaries: 1 } });
  }, 30_000);

  test("a Sentinel, and what it says of a primary that is away", async () => {
    const [absent] = (await freePorts(1)) as [number];
    const sentinel: RunningDaemon = await runDaemon("sentinel", programPath("redis-server") as string, (path, port) => {
      const lines = [
        `port ${port}`,
        "bind 127.0.0.1",
        `dir ${path}`,
        ...[`sentinel monitor good 127.0.0.1 ${primary.port} 1`, "sentinel auth-pass good correct-horse"],
        ...[`sentinel monitor gone 127.0.0.1 ${absent} 1`, "sentinel down-after-milliseconds gone 200", ""],
      ];
      writeFileSync(join(path, "sentinel.conf"), lines.join("\n"));
      return [join(path, "sentinel.conf"), "--sentinel"];
    });
    open.push(sentinel);
    await expect.poll(() => cli(sentinel.port, "INFO", "sentinel"), { timeout: 10_000 }).toMatch(/name=gone,status=(sdown|odown)/);
    const output = await ask(sentinel.port, { expect: { role: "sentinel" } });
    expect(output).toMatchObject({ status: "warning", mode: "sentinel", role: "sentinel", findings: [{ reason: "primary_failing" }] });
    expect(output.sentinel).toContainEqual({ name: "good", status: "ok", address: `127.0.0.1:${primary.port}`, replicas: expect.any(Number), sentinels: 1 });
  }, 30_000);
});
