import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { listen } from "../../../../runner/net/transport/listen.js";
import { certificatePath } from "../../../support/certificates.js";
import { childRunner } from "../../../support/child-run.js";
import { freePorts } from "../../../support/free-ports.js";
import { type NameServer, startNsd } from "../../../support/nsd.js";
import { realServer } from "../../../support/real-servers.js";
import { zoneHead } from "../../../support/signed-zones.js";
import { startUnbound } from "../../../support/unbound.js";

realServer("the resolver over TLS and HTTPS of unbound", ["nsd", "unbound"], () => {
  let folder: string;
  let nsd: NameServer;
  let unbound: NameServer;
  let ports: { tls: number; https: number };
  const child = childRunner();
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "probe-run-resolver-"));
    const long = `long TXT ${'"all work and no play" '.repeat(150)}`;
    writeFileSync(join(folder, "lab"), `${zoneHead("lab")}@ MX 10 mx\nmx A 127.0.0.1\nwww A 127.0.0.1\n${long}\n`);
    nsd = await startNsd({ lab: join(folder, "lab") });
    const [tls, https] = (await freePorts(2)) as [number, number];
    ports = { tls, https };
    unbound = await startUnbound(["lab"], nsd.port, [], ports);
  }, 60_000);
  afterAll(async () => {
    child.remove();
    await unbound?.stop();
    await nsd?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Trust in our authority comes from outside of the process, as for a private resolver of a user. */
  async function asked(probe: string, input: object, isTrusted = true): Promise<Record<string, unknown>> {
    const before = process.env.NODE_EXTRA_CA_CERTS;
    if (isTrusted) process.env.NODE_EXTRA_CA_CERTS = certificatePath("authority");
    try {
      const { output, left } = (await child.eval(`
        const { output } = await run(${JSON.stringify(probe)}, ${JSON.stringify(input)});
        for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
        console.log(JSON.stringify({ output, left: process.getActiveResourcesInfo() }));`)) as { output: Record<string, unknown>; left: string[] };
      // It would keep the process alive until it fires.
      expect(left).not.toContain("Timeout");
      return output;
    } finally {
      if (before === undefined) delete process.env.NODE_EXTRA_CA_CERTS;
      else process.env.NODE_EXTRA_CA_CERTS = before;
    }
  }

  const serverBy = (transport: "tls" | "https", name = "localhost"): string =>
    transport === "tls" ? `tls://127.0.0.1:${ports.tls}#${name}` : `https://127.0.0.1:${ports.https}/dns-query#${name}`;

  test.each(["tls", "https"] as const)("a probe of mail finds its hosts over %s", { timeout: 60_000 }, async (transport) => {
    const output = await asked("mail.mx", { domain: "lab", resolver: { servers: [serverBy(transport)] } });
    expect(output).toMatchObject({ hosts: [{ addresses: [{ ip_address: "127.0.0.1" }] }] });
    expect(JSON.stringify(output)).toContain(serverBy(transport));
  });

  test.each(["tls", "https"] as const)("a host is looked up over %s before it is connected to", { timeout: 60_000 }, async (transport) => {
    const output = await asked("network.tcp", { target_host: "www.lab", target_port: 1, resolver: { servers: [serverBy(transport)] } });
    expect(output).toMatchObject({ failure: { phase: "connect", code: "refused" }, attempts: [{ ip_address: "127.0.0.1" }] });
  });

  test.each(["tls", "https"] as const)(
    "all look-ups of a run over %s share a connection, and the process ends after it",
    { timeout: 60_000 },
    async (transport) => {
      const port = ports[transport];
      const relay = await listen((socket) => {
        const inside = connect(port, "127.0.0.1");
        for (const each of [socket, inside]) each.on("error", () => socket.destroy()).on("close", () => [socket, inside].map((other) => other.destroy()));
        socket.pipe(inside).pipe(socket);
      });
      const server = transport === "tls" ? `tls://127.0.0.1:${relay.port}#localhost` : `https://127.0.0.1:${relay.port}/dns-query#localhost`;
      const output = await asked("mail.mx", { domain: "lab", resolver: { servers: [server] } });
      expect(output).toMatchObject({ hosts: [{ addresses: [{ ip_address: "127.0.0.1" }] }] });
      expect((output.operations as unknown[]).length).toBeGreaterThan(1);
      expect(relay.connections).toBe(1);
      expect(relay.openSockets).toBe(0);
      await relay.close();
    },
  );

  test("network.dns takes such servers beside plain ones, and they agree", { timeout: 60_000 }, async () => {
    const servers = [`127.0.0.1:${unbound.port}`, serverBy("tls"), serverBy("https")];
    const output = await asked("network.dns", { questions: [{ name: "long.lab", type: "TXT" }], servers, tls: { verify: "require" } });
    expect(output).toMatchObject({ status: "ok", agreement: [{ agrees: true }] });
    expect((output.answers as { server: string; transport: string }[]).map(({ server, transport }) => [server, transport])).toEqual([
      [servers[0], "tcp"],
      [servers[1], "tls"],
      [servers[2], "https"],
    ]);
  });

  test.each<[what: string, server: () => string, isTrusted: boolean]>([
    ["an authority that is not trusted", () => serverBy("tls"), false],
    ["another name over TLS", () => serverBy("tls", "dns.example.org"), true],
    ["another name over HTTPS", () => serverBy("https", "dns.example.org"), true],
    ["a server that speaks no TLS", () => `tls://127.0.0.1:${nsd.port}#localhost`, true],
    ["another path", () => `https://127.0.0.1:${ports.https}/elsewhere#localhost`, true],
  ])("%s gives no answer, and no question in plain text follows", { timeout: 60_000 }, async (_, server, isTrusted) => {
    const output = await asked("mail.mx", { domain: "lab", resolver: { servers: [server()] }, lookup_timeout_ms: 3000 }, isTrusted);
    expect(output).toMatchObject({ status: "error", failure: { phase: "resolve" }, hosts: [] });
  });
});

test("a run that may not connect anywhere may not ask such a server, either", async () => {
  const { requirePermittedServers } = await import("../../../../runner/net/transport/permitted.js");
  const targets = { allows: (address: string) => address !== "192.0.2.1", refusals: new Set(["192.0.2.1 is not allowed"]) };
  for (const server of ["tls://192.0.2.1#dns.example.org", "https://192.0.2.1/dns-query"])
    expect(() => requirePermittedServers({ targets } as never, [server])).toThrow("192.0.2.1 is not allowed");
});
