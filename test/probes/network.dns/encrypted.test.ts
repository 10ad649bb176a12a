import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Output } from "../../../probes/network.dns/schema.js";
import { runReport } from "../../../runner/harness/run.js";
import { startDnsServer } from "../../../runner/lab/dns-server.js";
import { type Page, startHttpServer } from "../../../runner/lab/http-server.js";
import { certificate, testAuthority } from "../../support/certificates.js";
import { freePorts } from "../../support/free-ports.js";
import { type NameServer, startNsd } from "../../support/nsd.js";
import { realServer } from "../../support/real-servers.js";
import { zoneHead } from "../../support/signed-zones.js";
import { startUnbound } from "../../support/unbound.js";

const ZONE = `$ORIGIN example.
$TTL 300
@ SOA ns hostmaster 7 3600 600 86400 60
web A 192.0.2.80
`;

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

async function run(input: Record<string, unknown>): Promise<Output> {
  return (await runReport("network.dns", input)).envelope.output as Output;
}

const TLS = { ca: testAuthority(), servername: "localhost" };
const WEB = { name: "web.example", types: ["A"], transport: "https", tls: TLS };

describe("DNS over HTTPS", () => {
  test("is asked at its path, over HTTP/2, with the certificate's name as the host", async () => {
    const server = await startDnsServer({ zones: [ZONE], https: { certificate: certificate("localhost") } });
    open.push(server);
    const output = await run({ ...WEB, servers: server.httpsServers });
    expect(output).toMatchObject({
      status: "ok",
      connected_time: expect.any(String),
      operations: [{ name: expect.stringMatching(/^A web\.example @/), code: 0 }],
    });
    expect(output.answers[0]).toMatchObject({
      transport: "https",
      http_version: "2",
      rcode: "NOERROR",
      truncated: false,
      tls: { authorised: true, alpn: "h2" },
    });
    expect(output.answers[0]?.records.map(({ data }) => data)).toEqual(["192.0.2.80"]);
    expect(server.questions.map(({ transport }) => transport)).toEqual(["https"]);
    const elsewhere = await run({ ...WEB, servers: server.httpsServers, https_path: "/other?x" });
    expect(elsewhere.failure).toMatchObject({ phase: "query", code: "unsupported", message: "the server answers HTTP 404" });
  });

  test("a certificate that is not trusted is a warning, and ends it if it is required", async () => {
    const server = await startDnsServer({ zones: [ZONE], https: { certificate: certificate("self-signed") } });
    open.push(server);
    const servers = server.httpsServers;
    expect((await run({ ...WEB, servers, tls: {} })).status).toBe("warning");
    expect((await run({ ...WEB, servers, tls: { verify: "ignore" } })).status).toBe("ok");
    const before = server.questions.length;
    expect((await run({ ...WEB, servers, tls: { verify: "require" } })).failure).toMatchObject({ phase: "tls", code: "tls_certificate" });
    expect(server.questions).toHaveLength(before);
  });

  const DNS = { "content-type": "application/dns-message" };
  test.each<[what: string, page: Page, code: string]>([
    ["another media type", { headers: { "content-type": "text/html" }, body: "<p>no" }, "protocol_violation"],
    ["no media type", { body: "x" }, "protocol_violation"],
    ["an empty body", { headers: DNS, body: "" }, "protocol_violation"],
    ["a body that is no message", { headers: DNS, body: "x".repeat(40) }, "protocol_violation"],
    ["a body longer than a message", { headers: DNS, body: Buffer.alloc(70_000) }, "limit_exceeded"],
    ["a redirect", { status: 302, headers: { location: "http://169.254.169.254/" } }, "unsupported"],
    ["too many requests", { status: 429 }, "refused"],
    ["a failure of the server", { status: 503 }, "refused"],
  ])("%s is no answer", async (_what, page, code) => {
    const server = await startHttpServer(() => page, { certificate: certificate("localhost") });
    open.push(server);
    const { answers } = await run({ ...WEB, servers: [`127.0.0.1:${server.port}`] });
    expect(answers[0]).toMatchObject({ rcode: null, failure: { phase: "query", code } });
  });

  test("a server that is silent, or speaks no TLS, fails within its time", async () => {
    const silent = await startDnsServer({ zones: [ZONE], https: { certificate: certificate("localhost") }, behave: () => ({ drop: true }) });
    open.push(silent);
    expect((await run({ ...WEB, servers: silent.httpsServers, query_timeout_ms: 300 })).failure).toMatchObject({ phase: "query", code: "timeout" });
    const plain = await startHttpServer(() => ({}));
    open.push(plain);
    expect((await run({ ...WEB, servers: [`127.0.0.1:${plain.port}`] })).failure).toMatchObject({ phase: "tls", code: "tls_protocol" });
  });

  test("a path that could change the request is refused, and nothing is sent", async () => {
    const pointers = (error: { violations: { pointer: string }[] }): string[] => error.violations.map(({ pointer }) => pointer);
    for (const path of ["dns-query", "/a b", "/a\r\nX: 1", "/a#b", "/é"])
      expect(await runReport("network.dns", { ...WEB, https_path: path }).then(() => [], pointers)).toEqual(["/https_path"]);
  });
});

realServer("network.dns beside kdig, over TLS and HTTPS of unbound", ["nsd", "unbound", "kdig"], () => {
  let folder: string;
  let nsd: NameServer;
  let unbound: NameServer;
  let ports: { tls: number; https: number };
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "probe-run-encrypted-"));
    writeFileSync(
      join(folder, "lab"),
      `${zoneHead("lab")}www A 192.0.2.1\nwww HTTPS 1 . alpn=h2,h3 port=8443\nalias CNAME www\nlong TXT ${'"all work and no play" '.repeat(150)}\n`,
    );
    nsd = await startNsd({ lab: join(folder, "lab") });
    const [tls, https] = (await freePorts(2)) as [number, number];
    ports = { tls, https };
    unbound = await startUnbound(["lab"], nsd.port, [], ports);
  }, 30_000);
  afterAll(async () => {
    await unbound?.stop();
    await nsd?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const QUESTIONS: readonly [name: string, type: string][] = [
    ["www.lab", "A"],
    ["www.lab", "HTTPS"],
    ["alias.lab", "A"],
    ["long.lab", "TXT"],
    ["missing.lab", "A"],
  ];

  test.each(["tls", "https"] as const)(
    "the same code and records over %s",
    async (transport) => {
      const port = ports[transport];
      const output = await run({
        questions: QUESTIONS.map(([name, type]) => ({ name, type, expect: { rcode: { in: ["NOERROR", "NXDOMAIN"] } } })),
        servers: [`127.0.0.1:${port}`],
        transport,
        tls: TLS,
        query_timeout_ms: 20_000,
      });
      expect(output).toMatchObject({ failure: null, status: "ok" });
      for (const [index, [name, type]] of QUESTIONS.entries()) {
        const answer = output.answers[index];
        const options = ["@127.0.0.1", "-p", String(port), transport === "tls" ? "+tls" : "+https=/dns-query", "+nocrypto", name, type];
        const { stdout } = await promisify(execFile)("kdig", options, { timeout: 20_000 });
        expect(stdout).toContain(`status: ${answer?.rcode};`);
        const theirs = /;; ANSWER SECTION:\n(.*?)\n\n/s.exec(stdout)?.[1]?.split("\n") ?? [];
        // kdig writes types that it does not know as RFC 3597 has them, and parameters in quotes.
        const plain = (line: string): string =>
          line
            .replaceAll('"', "")
            .split(/\s+/)
            .filter((_, at) => at !== 1 && at !== 2)
            .join(" ");
        expect(answer?.records.map(({ name: owner, type: kind, data }) => `${owner}. ${kind} ${data.replaceAll('"', "")}`)).toEqual(theirs.map(plain));
        expect(answer).toMatchObject({ transport, http_version: transport === "https" ? "2" : null });
      }
    },
    60_000,
  );

  test("an extended error has its name, and is in the finding", async () => {
    const [tls, https] = (await freePorts(2)) as [number, number];
    // A zone that is not signed, where a key is expected.
    const validating = await startUnbound(["lab"], nsd.port, [`lab. DS 12345 15 2 ${"ab".repeat(32)}`], { tls, https });
    open.push({ close: () => validating.stop() });
    const { answers, findings } = await run({ name: "www.lab", types: ["A"], servers: [`127.0.0.1:${https}`], transport: "https", tls: TLS });
    expect(answers[0]).toMatchObject({ rcode: "SERVFAIL", extended_errors: [{ code: 9, name: "DNSKEY Missing" }] });
    expect(findings[0]?.message).toContain("DNSKEY Missing");
  });

  test("kdig is answered by the lab's server over HTTPS", async () => {
    const server = await startDnsServer({ zones: [ZONE], https: { certificate: certificate("localhost") } });
    open.push(server);
    const [address = "", port = ""] = (server.httpsServers[0] as string).split(":");
    for (const method of ["+https", "+https-get"]) {
      const { stdout } = await promisify(execFile)("kdig", [`@${address}`, "-p", port, "+https=/dns-query", method, "+short", "web.example", "A"]);
      expect(stdout.trim()).toBe("192.0.2.80");
    }
  });
});
