import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type DnsServer, startDnsServer } from "../../../../runner/lab/dns-server.js";
import { childRunner } from "../../../support/child-run.js";
import { zoneText } from "../../../support/zones.js";

const runner = childRunner();
let server: DnsServer;
const folder = mkdtempSync(join(tmpdir(), "probe-run-dns-"));
beforeAll(async () => {
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

test("a file that cannot be used is reported once, and the run goes on without", async () => {
  const path = join(folder, "dns.sqlite", "below");
  const answer = await runner.eval(`
    const warnings = []; process.on("warning", ({ code, message }) => warnings.push(code + " " + message));
    process.env.PROBE_RUN_DNS_CACHE = ${JSON.stringify(path)};
    const input = { domain: "to-alias.example", resolver: { servers: ${JSON.stringify(server.servers)} } };
    const kinds = [];
    for (let count = 0; count < 3; count++) kinds.push((await run("mail.mx", input)).output.kind);
    console.log(JSON.stringify({ kinds, warnings }));`);
  expect(answer).toEqual({
    kinds: ["mx", "mx", "mx"],
    warnings: [
      expect.stringMatching(/^PROBE_RUN_STORE .*below cannot be used, so what it would hold is in memory only: .* Name another file in PROBE_RUN_DNS_CACHE$/),
    ],
  });
});

test("the same of the behaviour of mail sites", async () => {
  const path = join(folder, "dns.sqlite", "below");
  const answer = await runner.eval(`
    const warnings = []; process.on("warning", ({ message }) => warnings.push(message));
    process.env.PROBE_RUN_BEHAVIOUR = ${JSON.stringify(path)};
    const input = { email: "a@nowhere.example", resolver: { servers: ${JSON.stringify(server.servers)} } };
    const statuses = [];
    for (let count = 0; count < 2; count++) statuses.push((await run("mail.rcpt", input)).output.status);
    console.log(JSON.stringify({ statuses, warnings }));`);
  expect(answer).toEqual({ statuses: ["error", "error"], warnings: [expect.stringContaining("Name another file in PROBE_RUN_BEHAVIOUR")] });
});
