import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { run } from "../../../runner/harness/run.js";
import { startDnsServer } from "../../../runner/lab/dns-server.js";
import { startHttpServer } from "../../../runner/lab/http-server.js";
import { listenUdp } from "../../../runner/net/udp/listen.js";
import { startNsd } from "../../support/nsd.js";
import { realServer } from "../../support/real-servers.js";
import { zoneHead } from "../../support/signed-zones.js";

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

/** RFC 9000, section 17.2.1: version 0, the connection ids swapped, and the versions. */
function negotiation(datagram: Buffer, versions: readonly number[]): Buffer {
  const destination = datagram.subarray(6, 6 + (datagram[5] as number));
  const source = datagram.subarray(7 + destination.length, 7 + destination.length + (datagram[6 + destination.length] as number));
  const named = versions.map((version) => Buffer.from(version.toString(16).padStart(8, "0"), "hex"));
  return Buffer.concat([Buffer.from([0xb7, 0, 0, 0, 0, source.length]), source, Buffer.from([destination.length]), destination, ...named]);
}

async function ask(port: number, input: object = {}) {
  const server = await startHttpServer(() => ({ headers: { "alt-svc": `h3=":${port}"; ma=60` } }));
  open.push(server);
  return (await run("webapp.http", { url: `${server.origin}/`, http3: true, command_timeout_ms: 3000, ...input } as never)).output as Record<string, unknown>;
}

test("QUIC that answers is reported with its versions, without those that are reserved", async () => {
  const sizes: number[] = [];
  const quic = await listenUdp((datagram, send) => {
    sizes.push(datagram.length);
    send(negotiation(datagram, [0x0a1a2a3a, 1, 0x6b3343cf, 0xff00001d]));
  });
  open.push(quic);
  expect(await ask(quic.port, { expect: { http3: true } })).toMatchObject({
    ...{ status: "ok", failure: null },
    http3: {
      advertised: true,
      advertised_by: ["alt_svc"],
      https_records: [],
      https_record_error: null,
      host: "127.0.0.1",
      port: quic.port,
      answered: true,
      versions: ["1", "2", "draft-29"],
      error: null,
    },
  });
  expect(sizes).toEqual([1200]);
});

test("an answer to another datagram does not count, and silence is no failure of the request", async () => {
  const quic = await listenUdp((datagram, send) => send(negotiation(Buffer.concat([datagram.subarray(0, 6), Buffer.alloc(8, 1), datagram.subarray(14)]), [1])));
  open.push(quic);
  const output = await ask(quic.port, { command_timeout_ms: 300, prefer: { http3: true } });
  expect(output).toMatchObject({
    status: "warning",
    failure: null,
    http3: { answered: false, error: "no answer within 300 ms" },
    findings: [{ reason: "http3_differs" }],
  });
});

test("a closed port is reported at once", async () => {
  const quic = await listenUdp(() => undefined);
  await quic.close();
  expect(await ask(quic.port, { command_timeout_ms: 20_000 })).toMatchObject({
    status: "ok",
    http3: { answered: false, error: expect.stringContaining("ECONNREFUSED") },
  });
});

realServer("HTTPS records that nsd serves", ["nsd"], () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "probe-run-https-record-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** A host www.lab that serves HTTP, with these records of its own and of its port. */
  async function host(records: (port: number) => string): Promise<Record<string, unknown>> {
    const server = await startHttpServer(() => ({}));
    open.push(server);
    writeFileSync(join(folder, "lab"), `${zoneHead("lab")}www A 127.0.0.1\n${records(server.port)}\n`);
    const nsd = await startNsd({ lab: join(folder, "lab") });
    open.push({ close: () => nsd.stop() });
    const input = { url: `http://www.lab:${server.port}/`, http3: true, command_timeout_ms: 500, resolver: { servers: nsd.servers } };
    return (await run("webapp.http", input)).output as Record<string, unknown>;
  }

  test("one that names h3 says where QUIC is, and the preferred one comes first", async () => {
    const quic = await listenUdp((datagram, send) => send(negotiation(datagram, [1])));
    open.push(quic);
    const output = await host(
      (port) => `_${port}._https.www HTTPS 2 . alpn=h2\n_${port}._https.www HTTPS 1 quic.lab. alpn=h3,h2 port=${quic.port}\nquic A 127.0.0.1`,
    );
    expect(output.http3).toEqual({
      advertised: true,
      advertised_by: ["https_record"],
      https_records: [
        { priority: 1, target: "quic.lab", alpn: ["h3", "h2"], port: quic.port },
        { priority: 2, target: ".", alpn: ["h2"], port: null },
      ],
      https_record_error: null,
      ...{ host: "quic.lab", port: quic.port, answered: true, versions: ["1"], error: null },
    });
  });

  test("an alias, and the record of another port, advertise nothing", async () => {
    const output = await host((port) => `www HTTPS 1 . alpn=h3\n_${port}._https.www HTTPS 0 www.lab.`);
    expect(output.http3).toMatchObject({ advertised: false, advertised_by: [], https_records: [{ priority: 0, target: "www.lab", alpn: [] }] });
  });
});

test("a name server that does not answer is no failure of the request", async () => {
  const server = await startHttpServer(() => ({}));
  open.push(server);
  const silent = await startDnsServer({ zones: [LOCAL_ZONE], behave: ({ type }) => (type === "A" ? undefined : { drop: true }) });
  open.push(silent);
  const input = { url: `http://www.lab:${server.port}/`, http3: true, connect_timeout_ms: 2000, address_family: "ipv4", resolver: { servers: silent.servers } };
  const { output } = await run("webapp.http", input as never);
  expect(output).toMatchObject({ status: "ok", failure: null, http3: { advertised: false, https_record_error: expect.stringContaining("no answer within") } });
});

const LOCAL_ZONE = "$ORIGIN lab.\n@ SOA ns hostmaster 1 2 3 4 5\nwww A 127.0.0.1\n";

test.each(["169.254.169.254", "127.0.0.2", "[::1]"])("a service that is advertised at %s is not asked, unless that is allowed", async (host) => {
  const server = await startHttpServer(() => ({ headers: { "alt-svc": `h3="${host}:9"` } }));
  open.push(server);
  const asked = { url: `${server.origin}/`, http3: true, command_timeout_ms: 300 };
  const { output } = await run("webapp.http", asked as never);
  expect(output).toMatchObject({ status: "ok", http3: { advertised: true, answered: false, error: expect.stringContaining("is not a public address") } });
});
