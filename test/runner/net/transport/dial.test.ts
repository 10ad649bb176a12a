import { afterEach, describe, expect, test } from "vitest";
import type { DialTarget } from "../../../../runner/net/transport/dial.js";
import { type AcceptedSocket, type Listener, listen } from "../../../../runner/net/transport/listen.js";
import { FailureError } from "../../../../runner/run/failure-error.js";
import type { Failure } from "../../../../schemas/failure.js";
import type { Attempt } from "../../../../schemas/network.js";
import { blackHole } from "../../../support/black-hole.js";
import { type DnsRecords, startDnsServer } from "../../../support/dns-server.js";
import { testRun } from "../../../support/smtp-context.js";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

function keep<Thing extends { close(): unknown }>(thing: Thing): Thing {
  open.push(thing);
  return thing;
}

/** A server that remembers from where it was called. */
async function server(host = "127.0.0.1", port = 0): Promise<Listener & { callers: (string | undefined)[] }> {
  const callers: (string | undefined)[] = [];
  const listener = keep(await listen((socket: AcceptedSocket) => void callers.push(socket.remoteAddress), { host, port }));
  return Object.assign(listener, { callers });
}

interface Dialled {
  attempts: Attempt[];
  /** The address that was connected, or what went wrong. */
  outcome: string | Failure;
  tookMs: number;
  operations: string[];
}

async function dial(target: Partial<DialTarget> & { port: number }, timeoutMs = 5000): Promise<Dialled> {
  const run = testRun(timeoutMs);
  const attempts: Attempt[] = [];
  const began = performance.now();
  const outcome = await run.context.tcp
    .connect({ host: "mx.example.org", address_family: "any", connect_timeout_ms: 2000, ...target }, attempts)
    .then((connection) => {
      keep(connection);
      return connection.remoteAddress;
    })
    .catch((error: unknown) => {
      if (error instanceof FailureError) return error.failure;
      throw error;
    });
  run.state.deadline.release();
  return { attempts, outcome, tookMs: performance.now() - began, operations: run.state.recorder.operations.map(({ name }) => name) };
}

async function zone(records: DnsRecords, name = "mx.example.org"): Promise<{ servers: string[] }> {
  const dns = keep(await startDnsServer({ [name]: records }));
  return { servers: [dns.address] };
}

const outcomes = ({ attempts }: Dialled): string[] =>
  attempts.map(({ ip_address: address, outcome, error }) => [address, outcome, error].filter(Boolean).join(" "));

describe("every address is tried", () => {
  test("the next one after a refusal", async () => {
    const { port } = await server();
    const dialled = await dial({ port, resolver: await zone({ A: ["127.0.0.2", "127.0.0.1"] }) });
    expect(dialled.outcome).toBe("127.0.0.1");
    expect(outcomes(dialled)).toEqual(["127.0.0.2 failed ECONNREFUSED", "127.0.0.1 connected"]);
    expect(dialled.operations).toEqual(["resolve", "connect"]);
    expect(dialled.attempts.every((attempt) => attempt.port === port && attempt.at_ms > 0)).toBe(true);
  });

  test("only the first if it connects", async () => {
    const { port } = await server();
    expect(outcomes(await dial({ port, resolver: await zone({ A: ["127.0.0.1", "127.0.0.2"] }) }))).toEqual(["127.0.0.1 connected"]);
  });

  test("IPv6 first, and IPv4 after a refusal", async () => {
    const { port } = await server();
    const dialled = await dial({ port, resolver: await zone({ A: ["127.0.0.1"], AAAA: ["::1"] }) });
    expect(outcomes(dialled)).toEqual(["::1 failed ECONNREFUSED", "127.0.0.1 connected"]);
  });

  test("the families alternate", async () => {
    const { port } = await server("127.0.0.4");
    const resolver = await zone({ A: ["127.0.0.2", "127.0.0.3", "127.0.0.4"], AAAA: ["::1"] });
    expect((await dial({ port, resolver })).attempts.map(({ ip_address: address }) => address)).toEqual(["::1", "127.0.0.2", "127.0.0.3", "127.0.0.4"]);
  });

  test("if all refuse, the failure is that of the last, and each attempt is recorded", async () => {
    const { port } = await server("127.0.0.9");
    const dialled = await dial({ port, resolver: await zone({ A: ["127.0.0.2", "127.0.0.3"] }) });
    expect(dialled.outcome).toMatchObject({ phase: "connect", code: "refused", retryable: true });
    expect(outcomes(dialled)).toEqual(["127.0.0.2 failed ECONNREFUSED", "127.0.0.3 failed ECONNREFUSED"]);
  });

  test("RFC 8305: after a quarter of a second without an answer the next one is tried", async () => {
    const { port } = await server();
    keep(await blackHole("127.0.0.5", port));
    const dialled = await dial({ port, resolver: await zone({ A: ["127.0.0.5", "127.0.0.1"] }) });
    expect(outcomes(dialled)).toEqual(["127.0.0.5 abandoned", "127.0.0.1 connected"]);
    const [first, second] = dialled.attempts as [Attempt, Attempt];
    expect(second.at_ms - first.at_ms).toBeGreaterThanOrEqual(245);
    expect(second.at_ms - first.at_ms).toBeLessThan(1000);
  });

  test("a silent address alone ends at the timeout", async () => {
    const { port } = await server();
    keep(await blackHole("127.0.0.6", port));
    const dialled = await dial({ host: "127.0.0.6", port, connect_timeout_ms: 150 });
    expect(dialled.outcome).toMatchObject({ phase: "connect", code: "timeout", message: "no connection within 150 ms" });
    expect(outcomes(dialled)).toEqual(["127.0.0.6 abandoned"]);
    expect(dialled.tookMs).toBeLessThan(1000);
  });
});

describe("options of the caller", () => {
  test.each<["ipv4" | "ipv6", string, string[]]>([
    ["ipv4", "127.0.0.1", ["A mx.example.org"]],
    ["ipv6", "::1", ["AAAA mx.example.org"]],
  ])("only %s", async (family, address, questions) => {
    const { port } = await server(address);
    const dns = keep(await startDnsServer({ "mx.example.org": { A: ["127.0.0.1"], AAAA: ["::1"] } }));
    const dialled = await dial({ port, address_family: family, resolver: { servers: [dns.address] } });
    expect(outcomes(dialled)).toEqual([`${address} connected`]);
    expect(dns.questions).toEqual(questions);
  });

  test("the source address is what the server sees", async () => {
    const listener = await server();
    await dial({ host: "127.0.0.1", port: listener.port, source_address: "127.0.0.3" });
    await expect.poll(() => listener.callers).toEqual(["127.0.0.3"]);
  });

  test("a source address leaves out the targets of the other family", async () => {
    const { port } = await server();
    const dialled = await dial({ port, source_address: "127.0.0.3", resolver: await zone({ A: ["127.0.0.1"], AAAA: ["::1"] }) });
    expect(outcomes(dialled)).toEqual(["127.0.0.1 connected"]);
  });

  test("a source address for which there is no target", async () => {
    const { outcome } = await dial({ host: "::1", port: 25, source_address: "127.0.0.3" });
    expect(outcome).toMatchObject({ phase: "connect", code: "unsupported" });
  });

  test("a source address that is not this machine's", async () => {
    const { port } = await server();
    const { outcome } = await dial({ host: "127.0.0.1", port, source_address: "192.0.2.1" });
    expect(outcome).toMatchObject({ phase: "connect", code: "unreachable" });
  });

  test("a name beyond ASCII is queried in A-labels", async () => {
    const { port } = await server();
    const dns = keep(await startDnsServer({ "xn--bcher-kva.example": { A: ["127.0.0.1"] } }));
    expect((await dial({ host: "Bücher.example", port, resolver: { servers: [dns.address] } })).outcome).toBe("127.0.0.1");
  });

  test("a name server without an IP address is refused, and nothing is sent", async () => {
    expect((await dial({ port: 25, resolver: { servers: ["999.0.0.1"] } })).outcome).toMatchObject({ phase: "resolve", code: "not_permitted" });
  });
});

describe("answers of the name server", () => {
  test.each<[string, DnsRecords, Partial<Failure>]>([
    ["the name does not exist (NXDOMAIN)", { code: 3 }, { code: "dns_not_found", retryable: false }],
    ["the name has no address (NODATA)", {}, { code: "dns_not_found", retryable: false }],
    ["it failed (SERVFAIL)", { code: 2 }, { code: "dns_failure", retryable: true }],
    ["it refuses", { code: 5 }, { code: "dns_failure", retryable: true }],
    ["it does not understand (FORMERR)", { code: 1 }, { code: "dns_failure" }],
    ["it cannot do that (NOTIMP)", { code: 4 }, { code: "dns_failure" }],
    ["one family failed and the other has nothing: no one knows", { codes: { AAAA: 2 } }, { code: "dns_failure" }],
    ["nothing at all", { silentFor: ["A", "AAAA"] }, { code: "timeout" }],
  ])("%s", async (_answer, records, expected) => {
    const dialled = await dial({ port: 25, connect_timeout_ms: 300, resolver: await zone(records) });
    expect(dialled.outcome).toMatchObject({ phase: "resolve", ...expected });
    expect(dialled.attempts).toEqual([]);
    expect(dialled.operations).toEqual(["resolve"]);
    expect(dialled.tookMs).toBeLessThan(1500);
  });

  test.each<[string, DnsRecords, string]>([
    ["IPv6 failed", { A: ["127.0.0.1"], codes: { AAAA: 2 } }, "127.0.0.1"],
    ["IPv4 failed", { AAAA: ["::1"], codes: { A: 2 } }, "::1"],
    ["IPv6 is not answered", { A: ["127.0.0.1"], silentFor: ["AAAA"] }, "127.0.0.1"],
    ["IPv4 is not answered", { AAAA: ["::1"], silentFor: ["A"] }, "::1"],
  ])("%s: the other family is enough", async (_answer, records, address) => {
    const { port } = await server(address);
    const dialled = await dial({ port, resolver: await zone(records) });
    expect(dialled.outcome).toBe(address);
    expect(dialled.tookMs).toBeLessThan(1500);
  });

  test("a closed port of the name server is a failure of the look-up, not of the target", async () => {
    const dns = await startDnsServer({});
    await dns.close();
    const { outcome } = await dial({ port: 25, connect_timeout_ms: 1000, resolver: { servers: [dns.address] } });
    expect(outcome).toMatchObject({ phase: "resolve", code: "dns_failure" });
  });

  test("the second of two name servers answers", async () => {
    const { port } = await server();
    const gone = await startDnsServer({});
    await gone.close();
    const { servers } = await zone({ A: ["127.0.0.1"] });
    expect((await dial({ port, resolver: { servers: [gone.address, ...servers] } })).outcome).toBe("127.0.0.1");
  });
});

test("an invalid target is neither queried nor dialled", async () => {
  const dialled = await dial({ host: "mx.example.org\r\nQUIT", port: 25 });
  expect(dialled.outcome).toMatchObject({ phase: "resolve", code: "not_permitted" });
  expect(dialled.operations).toEqual([]);
});

test("the system's resolver knows localhost", async () => {
  const { port } = await server();
  expect((await dial({ host: "localhost", port, address_family: "ipv4" })).outcome).toBe("127.0.0.1");
});
