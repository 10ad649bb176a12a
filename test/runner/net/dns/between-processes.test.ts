import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type DnsServer, startDnsServer } from "../../../../runner/lab/dns-server.js";
import { type ChildRunner, childRunner } from "../../../support/child-run.js";
import { zoneText } from "../../../support/zones.js";

let runner: ChildRunner;
let server: DnsServer;
const folder = mkdtempSync(join(tmpdir(), "probe-run-dns-"));
beforeAll(async () => {
  runner = await childRunner();
  server = await startDnsServer({ zones: [zoneText("example")] });
});
afterAll(async () => {
  runner.remove();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** One run of mail.mx in a process of its own, that shares its answers through this file. */
function mxSharing(path: string): Promise<unknown> {
  return runner.eval(`
    process.env.PROBE_RUN_DNS_CACHE = ${JSON.stringify(path)};
    const { output } = await run("mail.mx", { domain: "to-alias.example", resolver: { servers: ${JSON.stringify(server.servers)} } });
    console.log(JSON.stringify({ kind: output.kind, from_cache: output.from_cache, addresses: output.hosts[0].addresses.length }));`);
}

test("the next process uses the answers of the first", async () => {
  const path = join(folder, "dns.sqlite");
  expect(await mxSharing(path)).toEqual({ kind: "mx", from_cache: false, addresses: 2 });
  expect(await mxSharing(path)).toEqual({ kind: "mx", from_cache: true, addresses: 2 });
  expect(server.questions).toHaveLength(3);
});

test("a file that cannot be used is reported, with advice", async () => {
  await expect(mxSharing(join(folder, "dns.sqlite", "below"))).rejects.toThrow(
    /PROBE_RUN_DNS_CACHE: .*below cannot be used: .*Name a file that this user can write/,
  );
});
