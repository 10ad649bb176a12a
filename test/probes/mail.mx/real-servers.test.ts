import { afterAll, beforeAll, expect, test } from "vitest";
import type { Output } from "../../../probes/mail.mx/schema.js";
import { run } from "../../../runner/harness/run.js";
import { type NameServer, startNsd } from "../../support/nsd.js";
import { realServer } from "../../support/real-servers.js";
import { startUnbound } from "../../support/unbound.js";
import { zonePath } from "../../support/zones.js";

const ZONES = { example: zonePath("example"), other: zonePath("other") };

async function mx(server: NameServer, domain: string, input: Record<string, unknown> = {}): Promise<Output> {
  return (await run("mail.mx", { domain, resolver: { servers: server.servers }, cache: "off", ...input })).output as Output;
}

realServer("mail.mx asks unbound, which asks nsd", ["nsd", "unbound"], () => {
  let nsd: NameServer;
  let unbound: NameServer;
  beforeAll(async () => {
    nsd = await startNsd(ZONES);
    unbound = await startUnbound(Object.keys(ZONES), nsd.port);
  });
  afterAll(async () => {
    await unbound?.stop();
    await nsd?.stop();
  });

  test.each([
    ["several.example", { status: "ok", kind: "mx", outcome: "found", ttl_s: 300 }],
    ["bücher.example", { status: "ok", kind: "mx", ascii_domain: "xn--bcher-kva.example" }],
    ["null.example", { status: "ok", kind: "null_mx", hosts: [] }],
    ["null-and-more.example", { status: "warning", kind: "mx", null_mx: true }],
    ["implicit.example", { status: "ok", kind: "implicit", outcome: "no_data" }],
    ["text-only.example", { status: "error", kind: "none", outcome: "no_data" }],
    ["missing.example", { status: "error", kind: "none", outcome: "no_such_name" }],
    ["to-alias.example", { status: "warning", hosts: [{ aliases: ["mx1.example"] }] }],
    ["www.example", { status: "ok", aliases: ["several.example"] }],
    ["elsewhere.example", { status: "ok", aliases: ["several.other"], hosts: [{ host: "mx.other" }] }],
    ["inside.example", { status: "error", failure: { code: "not_permitted" } }],
  ])("%s is the same from unbound as from our own name server", async (domain, expected) => {
    expect(await mx(unbound, domain)).toMatchObject(expected);
  });

  test("that there is nothing is good for as long as the zone's minimum", async () => {
    const missing = await mx(unbound, "also-missing.example");
    expect(missing.ttl_s).toBeGreaterThan(55);
    expect(missing.ttl_s).toBeLessThanOrEqual(60);
  });

  test("unbound finds aliases that lead in a circle broken, and so do we", async () => {
    expect(await mx(unbound, "circle1.example")).toMatchObject({ status: "error", kind: "unknown", failure: { code: "dns_failure", retryable: true } });
  });

  test("nsd itself answers for its own zones, and refuses others", async () => {
    expect(await mx(nsd, "several.example")).toMatchObject({ status: "ok", kind: "mx" });
    expect(await mx(nsd, "several.elsewhere")).toMatchObject({ kind: "unknown", outcome: "refused", failure: { code: "dns_failure" } });
  });

  test("an alias that leads out of a zone is followed from one server's answer to the next", async () => {
    expect(await mx(nsd, "elsewhere.example")).toMatchObject({ kind: "mx", aliases: ["several.other"], hosts: [{ host: "mx.other" }] });
  });
});
