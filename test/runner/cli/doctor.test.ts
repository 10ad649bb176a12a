import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Check } from "../../../runner/cli/doctor/check.js";
import { hostNameCheck, nodeCheck } from "../../../runner/cli/doctor/machine.js";
import { startDnsServer } from "../../../runner/lab/dns-server.js";
import { probeRun } from "./command-line.js";

const ZONE = `
$ORIGIN signed.example.
@  300  SOA  ns hostmaster 1 3600 600 86400 60
`;

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "probe-run-doctor-"));
});
afterEach(() => rmSync(cwd, { recursive: true }));

interface Setting {
  readonly authenticated?: boolean;
  readonly argv?: readonly string[];
  readonly env?: Record<string, string>;
}

async function doctor({ authenticated = true, argv = [], env = {} }: Setting = {}): Promise<{ code: number; status: string; check: (name: string) => Check }> {
  const server = await startDnsServer({ zones: [ZONE], authenticated });
  try {
    const resolvers = server.servers.flatMap((each) => ["--resolver", each]);
    const { code, out, err } = await probeRun(["doctor", "--json", "--signed-name", "signed.example", ...resolvers, ...argv], { cwd, env });
    expect(err).toBe("");
    const { status, checks } = JSON.parse(out) as { status: string; checks: Check[] };
    return { code, status, check: (name) => checks.find((each) => each.name === name) as Check };
  } finally {
    await server.close();
  }
}

describe("doctor", () => {
  test("a validating resolver is ok; another is a warning with advice", async () => {
    const validating = await doctor();
    expect(validating.check("Resolver").status).toBe("ok");
    expect(validating.check("DNSSEC")).toMatchObject({ status: "ok", advice: null });
    const plain = await doctor({ authenticated: false });
    expect(plain.check("DNSSEC")).toMatchObject({ status: "warning", advice: expect.stringContaining("unbound") });
    expect(plain.code).toBe(0);
    expect((await doctor({ authenticated: false, argv: ["--fail-on", "warning"] })).code).toBe(1);
  });

  test("a resolver that does not know the name is an error, with exit code 1", async () => {
    const server = await startDnsServer({ zones: [ZONE] });
    const { code, out } = await probeRun(["doctor", "--signed-name", "other.example", "--resolver", server.servers[0] as string], { cwd });
    await server.close();
    expect(code).toBe(1);
    expect(out).toMatch(/^error +Resolver +no SOA record of other\.example/m);
    expect(out).toMatch(/^\d+ errors?, \d+ warnings?$/m);
  });

  test("tests port 25 only of a given host", async () => {
    expect((await doctor()).check("Port 25 out")).toMatchObject({ status: "note", message: "not tried" });
    const listener = createServer((socket) => socket.on("error", () => {}).end()).listen(0, "127.0.0.1");
    await new Promise((resolve) => listener.once("listening", resolve));
    const { port } = listener.address() as { port: number };
    const argv = ["--host", "127.0.0.1", "--port", String(port)];
    expect((await doctor({ argv })).check(`Port ${port} out`).status).toBe("ok");
    await new Promise((resolve) => listener.close(resolve));
    const closed = await doctor({ argv });
    expect(closed.check(`Port ${port} out`)).toMatchObject({ status: "error", advice: expect.stringContaining("blocks the port") });
    expect(closed).toMatchObject({ code: 1, status: "error" });
  });

  test("a queue that other users can read is a warning, with the command that fixes it", async () => {
    expect((await doctor()).check("Queue")).toMatchObject({ status: "ok", message: ".probe-run/queue.db can be created" });
    mkdirSync(join(cwd, ".probe-run"));
    const queue = join(cwd, ".probe-run/queue.db");
    writeFileSync(queue, "");
    chmodSync(queue, 0o644);
    expect((await doctor()).check("Queue")).toMatchObject({ status: "warning", advice: "chmod 600 .probe-run/queue.db" });
    chmodSync(queue, 0o600);
    expect((await doctor()).check("Queue").status).toBe("ok");
  });

  test("a cache below a file cannot be created", async () => {
    writeFileSync(join(cwd, "file"), "");
    const { check, code } = await doctor({ env: { PROBE_RUN_DNS_CACHE: "file/cache.db" } });
    expect(check("DNS cache")).toMatchObject({ status: "error" });
    expect(code).toBe(1);
  });

  test("a queue on a server has no file to check", async () => {
    expect((await doctor({ env: { PROBE_RUN_QUEUE: "redis://127.0.0.1:1" } })).check("Queue")).toBeUndefined();
  });

  test("lists the missing packages of optional features", async () => {
    const { check } = await doctor();
    expect(check("Test suites")).toMatchObject({ status: "ok", message: "vitest installed" });
    expect(check("Redis queues").message).toContain("bullmq");
  });
});

test("an old Node.js is an error", () => {
  expect(nodeCheck("18.20.0", "20.19")).toMatchObject({ status: "error", advice: "install Node.js 20.19 or newer" });
  expect(nodeCheck("20.18.1", "20.19").status).toBe("error");
  expect(nodeCheck("20.19.0", "20.19").status).toBe("ok");
  expect(nodeCheck("22.1.0", "20.19").status).toBe("ok");
});

test("a host name without a domain is a warning", () => {
  for (const name of ["web1", "localhost", "mac.local", "localhost.localdomain"]) expect(hostNameCheck(name).status, name).toBe("warning");
  expect(hostNameCheck("probe.example.net").status).toBe("ok");
});
