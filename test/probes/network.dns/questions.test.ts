import { afterEach, expect, test } from "vitest";
import type { Output } from "../../../probes/network.dns/schema.js";
import { runReport } from "../../../runner/harness/run.js";
import { type DnsServerOptions, startDnsServer } from "../../../runner/lab/dns-server.js";
import type { RequestError } from "../../../runner/support/request-error.js";
import { freePorts } from "../../support/free-ports.js";

const ZONE = `$ORIGIN example.
$TTL 300
@ SOA ns hostmaster 7 3600 600 86400 60
@ NS ns
ns A 192.0.2.53
www CNAME web
web A 192.0.2.80
web A 192.0.2.81
web AAAA 2001:db8:0:0:1:0:0:1
mail MX 10 mx
text TXT "plain text" "and more"
a CNAME b
b CNAME a
`;

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

async function server(options: Partial<DnsServerOptions> = {}): Promise<string> {
  const started = await startDnsServer({ zones: [ZONE], ...options });
  open.push(started);
  return started.servers[0] as string;
}

async function run(input: Record<string, unknown>): Promise<Output> {
  return (await runReport("network.dns", input)).envelope.output as Output;
}

test("each question to each server is an answer, with its records as a master file shows them", async () => {
  const servers = [await server(), await server()];
  const output = await run({
    servers,
    name: "www.example",
    types: ["A", "aaaa"],
    questions: [
      { name: "text.example", type: "TXT" },
      { name: "mail.example.", type: "MX" },
    ],
  });
  expect(output.answers.map(({ server: from, type, rcode }) => [from, type, rcode])).toEqual(
    ["A", "AAAA", "TXT", "MX"].flatMap((type) => servers.map((each) => [each, type, "NOERROR"])),
  );
  const [a, , aaaa, , txt, , mx] = output.answers;
  expect(a).toMatchObject({ cname_chain: ["web.example"], transport: "udp", flags: { ra: true, rd: true, ad: false } });
  expect(a?.records).toEqual([
    { name: "www.example", type: "CNAME", data: "web.example.", ttl: 300 },
    { name: "web.example", type: "A", data: "192.0.2.80", ttl: 300 },
    { name: "web.example", type: "A", data: "192.0.2.81", ttl: 300 },
  ]);
  expect(aaaa?.records[1]?.data).toBe("2001:db8::1:0:0:1");
  expect(txt?.records[0]?.data).toBe('"plain text" "and more"');
  expect(mx?.records[0]?.data).toBe("10 mx.example.");
  expect(output).toMatchObject({
    status: "ok",
    failure: null,
    findings: [],
    agreement: [{ agrees: true }, { agrees: true }, { agrees: true }, { agrees: true }],
  });
});

test("expectations judge every answer, and name the server and the question", async () => {
  const servers = [await server()];
  const met = await run({ servers, name: "web.example", types: ["A"], expect: { records: ["192.0.2.81", "192.0.2.80"], count: { min: 2 }, ttl: 300 } });
  expect(met.findings).toEqual([]);
  const unmet = await run({ servers, name: "web.example", types: ["A"], expect: { records: { contains: "192.0.2.1" } }, prefer: { authenticated: true } });
  expect(unmet.findings.map(({ severity, reason }) => [severity, reason])).toEqual([
    ["error", "records_unexpected"],
    ["warning", "authenticated_unexpected"],
  ]);
  expect(unmet.findings[0]?.message).toContain(`A web.example at ${servers[0]}`);
  const absent = await run({ servers, questions: [{ name: "missing.example", expect: { rcode: "NXDOMAIN" } }] });
  expect(absent.status).toBe("ok");
  expect((await run({ servers, name: "missing.example" })).findings.map(({ reason }) => reason)).toEqual(["rcode_unexpected", "rcode_unexpected"]);
});

test("servers that differ are named, and serial numbers are compared as RFC 1982 says", async () => {
  const old = ZONE.replace("hostmaster 7 ", "hostmaster 4294967295 ").replace("192.0.2.81", "192.0.2.99");
  const servers = [await server(), await server({ zones: [old] })];
  const output = await run({ servers, questions: [{ name: "web.example" }, { name: "example", type: "SOA" }] });
  expect(output.agreement.map(({ agrees }) => agrees)).toEqual([false, true]);
  expect(output.agreement[0]?.variants.map(({ servers: who, data }) => [who, data])).toEqual([
    [[servers[0]], ["192.0.2.80", "192.0.2.81"]],
    [[servers[1]], ["192.0.2.80", "192.0.2.99"]],
  ]);
  expect(output.serials).toMatchObject([{ zone: "example", spread: 8 }]);
  expect(output.findings.map(({ reason }) => reason)).toEqual(["servers_disagree", "serials_differ"]);
  expect((await run({ servers, name: "web.example", types: ["A"], compare: false })).status).toBe("ok");
});

test("a server that fails is reported beside one that answers; if none answers, the run failed", async () => {
  const [port] = (await freePorts(1)) as [number];
  const closed = `127.0.0.1:${port}`;
  const some = await run({ servers: [closed, await server()], name: "web.example", types: ["A"] });
  expect(some.answers[0]?.failure).toMatchObject({ phase: "connect", code: "refused" });
  expect(some.answers[1]?.rcode).toBe("NOERROR");
  expect(some).toMatchObject({ failure: null, status: "error", findings: [{ reason: "no_answer" }] });
  expect(await run({ servers: [closed], name: "web.example" })).toMatchObject({ failure: { code: "refused" }, answers: [{ rcode: null }, { rcode: null }] });
  const silent = await server({ behave: () => ({ drop: true }) });
  expect((await run({ servers: [silent], name: "web.example", query_timeout_ms: 50 })).failure).toMatchObject({ phase: "query", code: "timeout" });
});

test("a truncated answer is fetched over TCP, and is reported if only UDP may be used", async () => {
  const servers = [await server({ behave: () => ({ truncate: true }) })];
  const auto = await run({ servers, name: "web.example", types: ["A"] });
  expect(auto.answers[0]).toMatchObject({ transport: "tcp", truncated: true, flags: { tc: false } });
  expect(auto.answers[0]?.records).toHaveLength(2);
  const udp = await run({ servers, name: "web.example", types: ["A"], transport: "udp" });
  expect(udp.answers[0]).toMatchObject({ transport: "udp", truncated: true, flags: { tc: true }, records: [] });
  expect((await run({ servers, name: "web.example", types: ["A"], transport: "tcp" })).answers[0]).toMatchObject({ transport: "tcp", truncated: false });
});

test.each([
  ["another id", (reply: Buffer) => [Buffer.concat([Buffer.of(0, 0), reply.subarray(2)])], "timeout"],
  ["another question", (reply: Buffer) => [Buffer.from(reply.toString("latin1").replace("web", "wob"), "latin1")], "timeout"],
  ["half a message", (reply: Buffer) => [reply.subarray(0, reply.length - 20)], "protocol_violation"],
  ["a name that points at itself", (reply: Buffer) => [selfPointing(reply)], "protocol_violation"],
])("a reply with %s is not taken", async (_what, raw, code) => {
  const servers = [await server({ behave: () => ({ raw }) })];
  const output = await run({ servers, name: "web.example", types: ["A"], query_timeout_ms: 400, tries: 1, transport: "udp" });
  expect(output.answers[0]?.failure?.code).toBe(code);
});

/** The first record's owner becomes a pointer to itself. */
function selfPointing(reply: Buffer): Buffer {
  const offset = 12 + "web.example".length + 2 + 4;
  return Buffer.concat([reply.subarray(0, offset), Buffer.of(0xc0, offset, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 1, 2, 3, 4)]);
}

test("aliases that lead in a circle are an error", async () => {
  const output = await run({ servers: [await server()], name: "a.example", types: ["A"] });
  expect(output.findings.map(({ reason }) => reason)).toContain("cname_loop");
});

test("without recursion, a server that has no authority is lame", async () => {
  const servers = [await server()];
  const output = await run({ servers, name: "web.example", types: ["A"], recursion: false });
  expect(output.lame_servers).toEqual([{ server: servers[0], name: "web.example", reason: "its answer is not authoritative" }]);
});

test("wrong input is reported all at once, with the nearest name, and nothing is sent", async () => {
  const watched = await startDnsServer({ zones: [ZONE] });
  open.push(watched);
  const error = await runReport("network.dns", {
    servers: watched.servers,
    questions: [{ name: "a..b", type: "MXX" }, { name: "example.org", type: "AXFR" }, { name: "https://example.org/" }],
    transport: "upd",
  }).catch((reason: unknown) => reason);
  expect((error as RequestError).violations.map(({ pointer, hint }) => [pointer, hint])).toEqual([
    ["/questions/0/name", "a label is empty"],
    ["/questions/0/type", 'did you mean "MX"?'],
    ["/questions/1/type", "zones are not transferred"],
    ["/questions/2/name", "leave the scheme and the path out"],
    ["/transport", 'did you mean "udp"?'],
  ]);
  expect(watched.questions).toEqual([]);
});
