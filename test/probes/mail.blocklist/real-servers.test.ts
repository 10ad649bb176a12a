import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Output } from "../../../probes/mail.blocklist/schema.js";
import { run } from "../../../runner/harness/run.js";
import { type NameServer, startNsd } from "../../support/nsd.js";
import { realServer } from "../../support/real-servers.js";
import { startUnbound } from "../../support/unbound.js";

const ZEROS = ".0".repeat(20);
const START = "$TTL 300\n@ IN SOA ns hostmaster 1 3600 600 86400 60\n@ IN NS ns\nns IN A 127.0.0.1";
const ZONES = {
  "bl.example": [
    "2.0.0.127 IN A 127.0.0.2",
    `2.0.0.0.0.0.f.7.f.f.f.f${ZEROS} IN A 127.0.0.2`,
    "test IN A 127.0.1.2",
    "7.2.0.192 IN A 127.0.0.2",
    '7.2.0.192 IN TXT "spam \\007 trap"',
    "7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2 IN A 127.0.0.3",
    "xn--bcher-kva.example IN A 127.0.1.4",
  ],
  "wildcard.example": ["* IN A 127.0.0.2"],
  "parked.example": ["* IN A 203.0.113.80"],
  "refusing.example": ["* IN A 127.255.255.254"],
  "dead.example": [],
};

realServer("mail.blocklist asks unbound, which asks nsd", ["nsd", "unbound"], () => {
  const folder = mkdtempSync(join(tmpdir(), "probe-run-blocklist-zones-"));
  let nsd: NameServer;
  let unbound: NameServer;
  beforeAll(async () => {
    const paths = Object.entries(ZONES).map(([zone, records]) => {
      const path = join(folder, zone);
      writeFileSync(path, `${[`$ORIGIN ${zone}.`, START, ...records].join("\n")}\n`);
      return [zone, path];
    });
    nsd = await startNsd(Object.fromEntries(paths));
    unbound = await startUnbound(Object.keys(ZONES), nsd.port);
  });
  afterAll(async () => {
    await unbound?.stop();
    await nsd?.stop();
    rmSync(folder, { recursive: true });
  });

  const check = async (list: string): Promise<Output> => {
    const targets = { addresses: ["192.0.2.7", "192.0.2.8", "2001:db8::7"], domains: ["bücher.example", "example.org"] };
    const input = { ...targets, address_lists: [list], domain_lists: [list], resolver: { servers: unbound.servers }, cache: "off" };
    return (await run("mail.blocklist", input)).output as Output;
  };

  test("a list that works has what it has", async () => {
    const output = await check("bl.example");
    expect(output.answers.map(({ target, result }) => [target, result])).toEqual([
      ["192.0.2.7", "listed"],
      ["192.0.2.8", "not_listed"],
      ["2001:db8::7", "listed"],
      ["bücher.example", "listed"],
      ["example.org", "not_listed"],
    ]);
    expect(output.answers[0]).toMatchObject({ codes: [{ code: "127.0.0.2" }], text: ["spam \\u{7} trap"] });
  });

  test.each([
    ["wildcard.example", "failing", "lists_everything"],
    ["parked.example", "failing", "no_code"],
    ["refusing.example", "refuses_us", "refused"],
    ["dead.example", "failing", "dead"],
    // A zone for which unbound has no server.
    ["gone.example", "failing", "no_answer"],
  ])("%s is not believed", async (zone, state, reason) => {
    const output = await check(zone);
    expect(output).toMatchObject({ status: "warning", failure: null, listed: 0, not_listed: 0, unknown: 5 });
    expect(output.lists).toMatchObject(Array.from({ length: 3 }, () => ({ state, reason })));
  });
});
