import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { Output } from "../../../probes/mail.dnssec/schema.js";
import { runReport } from "../../../runner/harness/run.js";
import { startDnsServer } from "../../../runner/lab/dns-server.js";
import { startNsd } from "../../support/nsd.js";
import { realServer } from "../../support/real-servers.js";
import { signZone, zoneHead } from "../../support/signed-zones.js";
import { startUnbound } from "../../support/unbound.js";

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

const stateOf = async (domain: string, servers: readonly string[]): Promise<string | undefined> => {
  const input = { domain, resolver: { servers: [...servers] } };
  return ((await runReport("mail.dnssec", input)).envelope.output as Output).zones[0]?.state;
};

const SERVER_FAILURE = 2;
/** A server whose answers for the SOA record fail as often as this: each failure is a question. */
async function failing(times: number): Promise<readonly string[]> {
  const server = await startDnsServer({
    zones: ["$ORIGIN own.example.\n@ SOA ns hostmaster 1 3600 600 86400 60\n@ NS ns"],
    behave: ({ type, before }) => (type === "SOA" && before < times ? { rcode: SERVER_FAILURE } : undefined),
  });
  open.push(() => server.close());
  return server.servers;
}

// The resolver asks a server that fails once or twice; the questions after that are those of isBogusBy.
test.each([1, 2, 3, 4, 1000])("an unsigned zone whose server has failed %i times is not called bogus", async (times) => {
  expect(["unsigned", "unknown"]).toContain(await stateOf("own.example", await failing(times)));
});

realServer("a zone whose signatures are missing", ["nsd", "unbound", "ldns-signzone"], () => {
  test("is bogus where the registry holds DS records for it, and unsigned where it does not", async () => {
    const folder = mkdtempSync(join(tmpdir(), "probe-run-bogus-"));
    open.push(() => rmSync(folder, { recursive: true, force: true }));
    const digest = "0".repeat(64);
    const parent = signZone(
      folder,
      "parent.example",
      ["lame NS ns.lame", "ns.lame A 127.0.0.1", `lame DS 12345 15 2 ${digest}`, "plain NS ns.plain", "ns.plain A 127.0.0.1"].join("\n"),
    );
    const paths: Record<string, string> = { "parent.example": parent.path };
    for (const name of ["lame.parent.example", "plain.parent.example"]) {
      paths[name] = join(folder, name);
      writeFileSync(paths[name], zoneHead(name));
    }
    const nsd = await startNsd(paths);
    open.push(() => nsd.stop());
    const unbound = await startUnbound(Object.keys(paths), nsd.port, [parent.key]);
    open.push(() => unbound.stop());
    expect(await stateOf("lame.parent.example", unbound.servers)).toBe("bogus");
    expect(await stateOf("plain.parent.example", unbound.servers)).toBe("unsigned");
  });
});
