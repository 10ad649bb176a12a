import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type DnsServer, startDnsServer } from "../../../../runner/lab/dns-server.js";
import type { Answer } from "../../../../runner/net/dns/answer.js";
import { Resolver } from "../../../../runner/net/dns/resolver.js";
import { SqliteSharedCache } from "../../../../runner/net/dns/shared-cache.js";
import { zoneText } from "../../../support/zones.js";

const ANSWER: Answer = {
  outcome: "found",
  rcode: 0,
  records: [[Buffer.from("v=spf1 -all"), "text"]],
  aliases: ["b.example"],
  ttl: 300,
  authenticated: false,
  server: "192.0.2.53",
  fromCache: false,
  authority: [],
  extendedErrors: [],
  problem: null,
};

let folder: string;
let server: DnsServer;
const open: SqliteSharedCache[] = [];
const clock = { ms: 1_000_000 };

function shared(): SqliteSharedCache {
  const cache = new SqliteSharedCache(join(folder, "cache", "dns.sqlite"), () => clock.ms);
  open.push(cache);
  return cache;
}

beforeEach(async () => {
  clock.ms = 1_000_000;
  folder = mkdtempSync(join(tmpdir(), "probe-run-dns-"));
  server = await startDnsServer({ zones: [zoneText("example")] });
});
afterEach(async () => {
  for (const cache of open.splice(0)) cache.close();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

describe("answers that processes share", () => {
  test("are read back unchanged, including bytes, until they expire", () => {
    const [one, other] = [shared(), shared()];
    one.set("TXT a.example", ANSWER, clock.ms + 5000);
    expect(other.get("TXT a.example")).toEqual({ answer: ANSWER, expiresAt: clock.ms + 5000 });
    expect(other.get("TXT b.example")).toBeNull();
    clock.ms += 5000;
    expect(other.get("TXT a.example")).toBeNull();
  });

  test("are used by a second resolver, with the remaining TTL", async () => {
    const options = { servers: server.servers };
    const now = (): number => clock.ms;
    await new Resolver({ now, shared: shared() }).query("several.example", "MX", options);
    clock.ms += 100_000;
    const second = await new Resolver({ now, shared: shared() }).query("several.example", "MX", options);
    expect(second).toMatchObject({ outcome: "found", fromCache: true, ttl: 200 });
    expect(second.records).toHaveLength(4);
    expect(server.questions).toHaveLength(1);
  });

  test("do not include failures", async () => {
    const failing = await startDnsServer({ zones: [], behave: () => ({ rcode: 2 }) });
    const options = { servers: failing.servers };
    const now = (): number => clock.ms;
    await new Resolver({ now, shared: shared() }).query("several.example", "MX", options);
    await new Resolver({ now, shared: shared() }).query("several.example", "MX", options);
    expect(failing.questions).toHaveLength(2);
    await failing.close();
  });

  test("that cannot be read count as missing", async () => {
    const cache = shared();
    cache.set("key", ANSWER, clock.ms + 5000);
    cache.close();
    open.length = 0;
    const resolver = new Resolver({ shared: cache });
    expect(await resolver.query("several.example", "MX", { servers: server.servers })).toMatchObject({ outcome: "found", fromCache: false });
  });

  test("are written by several processes at once, and no answer is mixed with another", async () => {
    const script = join(folder, "writer.ts");
    writeFileSync(script, WRITER);
    const path = join(folder, "busy.sqlite");
    await Promise.all(["1", "2", "3"].map((writer) => promisify(execFile)(process.execPath, [RUN, script, path, writer], { timeout: 20_000 })));
    const cache = new SqliteSharedCache(path);
    open.push(cache);
    for (const writer of ["1", "2", "3"]) {
      const servers = Array.from({ length: 200 }, (_, index) => cache.get(`${writer} ${index}`)?.answer.server ?? null);
      // An answer may be missing: a busy cache is not waited for.
      expect(servers.filter((server) => server === writer).length).toBeGreaterThan(180);
      expect(servers.filter((server) => server !== writer && server !== null)).toEqual([]);
    }
    expect(["1", "2", "3"]).toContain(cache.get("everybody's")?.answer.server);
  });
});

const RUN = fileURLToPath(new URL("../../../../scripts/run.mjs", import.meta.url));
const MODULE = fileURLToPath(new URL("../../../../runner/net/dns/shared-cache.ts", import.meta.url));
const WRITER = `
import { SqliteSharedCache } from ${JSON.stringify(MODULE)};
const [path, writer] = process.argv.slice(2);
const cache = new SqliteSharedCache(path);
for (let index = 0; index < 200; index++) {
  for (const key of [writer + " " + index, "everybody's"]) cache.set(key, { records: [], server: writer }, Date.now() + 60_000);
}
cache.close();
`;
