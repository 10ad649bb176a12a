import { afterEach, describe, expect, test } from "vitest";
import type { Output } from "../../../probes/mail.mx/schema.js";
import { run } from "../../../runner/harness/run.js";
import { type DnsReply, type DnsServer, type DnsServerOptions, startDnsServer } from "../../../runner/lab/dns-server.js";
import { zoneText } from "../../support/zones.js";

const open: DnsServer[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

async function serve(behave?: DnsServerOptions["behave"], options: Partial<DnsServerOptions> = {}): Promise<DnsServer> {
  const server = await startDnsServer({ zones: [zoneText("example"), zoneText("other")], ...options, ...(behave === undefined ? {} : { behave }) });
  open.push(server);
  return server;
}

async function mx(domain: string, input: Record<string, unknown> = {}, behave?: DnsServerOptions["behave"]): Promise<Output> {
  const server = await serve(behave);
  return runAt(server, domain, input);
}

async function runAt(server: DnsServer, domain: string, input: Record<string, unknown> = {}): Promise<Output> {
  const { output } = await run("mail.mx", { domain, resolver: { servers: server.servers }, ...input });
  return output as Output;
}

const hostNames = ({ hosts }: Output): string[] => hosts.map(({ host }) => host);
const reasons = ({ findings }: Output): string[] => findings.map(({ reason }) => reason);
const addressesOf = ({ hosts }: Output): string[] => hosts.flatMap(({ addresses }) => addresses.map(({ ip_address: address }) => address));

describe("mail hosts", () => {
  test("are listed by preference with their addresses, IPv6 first", async () => {
    const output = await mx("several.example", { seed: 7 });
    expect(output).toMatchObject({
      status: "ok",
      failure: null,
      kind: "mx",
      outcome: "found",
      null_mx: false,
      ttl_s: 300,
      from_cache: false,
      seed: 7,
      findings: [],
    });
    expect(hostNames(output).slice(0, 3).sort()).toEqual(["mx1.example", "mx2.example", "mx3.example"]);
    expect(output.hosts[3]).toEqual({
      host: "backup.example",
      preference: 20,
      problem: null,
      aliases: [],
      ipv4: "found",
      ipv6: "no_data",
      authenticated_data: false,
      addresses: [{ ip_address: "93.184.215.16", ttl_s: 120, scope: "global", standard: null, may_be_dialled: true }],
    });
    expect(output.hosts.find(({ host }) => host === "mx1.example")?.addresses.map(({ ip_address: address }) => address)).toEqual([
      "2606:2800:21f:cb07:6820:80da:af6b:8b2c",
      "93.184.215.14",
    ]);
  });

  test("have the order of the seed, which is in the output", async () => {
    const server = await serve();
    const first = await runAt(server, "several.example");
    const again = await runAt(server, "several.example", { seed: first.seed });
    expect(hostNames(again)).toEqual(hostNames(first));
    const orders = new Set<string>();
    for (let seed = 0; seed < 60; seed++) orders.add(hostNames(await runAt(server, "several.example", { seed })).join(" "));
    expect(orders.size).toBe(6);
  });

  test("every query is an operation, with its response code and answer", async () => {
    const { operations } = await mx("to-alias.example");
    expect(operations.map(({ name, code }) => [name, code])).toEqual([
      ["MX to-alias.example", 0],
      ["AAAA alias.example", 0],
      ["A alias.example", 0],
    ]);
    expect(operations[0]?.message).toBe("10 alias.example");
  });

  test.each([
    ["ipv4", ["A"], ["93.184.215.14", "93.184.215.15", "93.184.215.16"]],
    ["ipv6", ["AAAA"], ["2606:2800:21f:cb07:6820:80da:af6b:8b2c", "2606:2800:21f:cb07:6820:80da:af6b:8b2d"]],
  ])("of one family (%s) are queried for that family only", async (family, types, addresses) => {
    const server = await serve();
    const output = await runAt(server, "several.example", { address_family: family });
    expect(addressesOf(output).sort()).toEqual(addresses);
    expect(new Set(server.questions.map(({ type }) => type))).toEqual(new Set(["MX", ...types]));
  });

  test("are found for a domain that is an alias", async () => {
    expect(await mx("www.example")).toMatchObject({ kind: "mx", aliases: ["several.example"], status: "ok" });
    expect(await mx("elsewhere.example")).toMatchObject({ kind: "mx", aliases: ["several.other"], hosts: [{ host: "mx.other" }], ttl_s: 200 });
  });

  test("more than twenty are listed, and only twenty looked up", async () => {
    const records = Array.from({ length: 25 }, (_, index) => `@ MX ${index} mx${index}\nmx${index} A 93.184.215.14`);
    const server = await serve(undefined, { zones: [`$ORIGIN big.\n@ SOA ns h 1 1 1 1 1\n${records.join("\n")}`] });
    const output = await runAt(server, "big");
    expect(output.hosts).toHaveLength(25);
    expect(reasons(output)).toEqual(Array.from({ length: 5 }, () => "too_many_hosts"));
    expect(server.questions).toHaveLength(41);
  });
});

describe("a domain", () => {
  test.each([
    ["bücher.example", "xn--bcher-kva.example"],
    ["BÜCHER.Example.", "xn--bcher-kva.example"],
    ["例え.example", "xn--r8jz45g.example"],
    ["例え。テスト.example", "xn--r8jz45g.xn--zckzah.example"],
    ["SEVERAL.example", "several.example"],
  ])("%s is queried as %s", async (domain, ascii) => {
    const server = await serve();
    expect(await runAt(server, domain)).toMatchObject({ domain, ascii_domain: ascii, kind: "mx", failure: null });
    expect(server.questions[0]?.name).toBe(ascii);
  });

  test("with characters beyond ASCII is queried in A-labels", async () => {
    const server = await serve();
    expect(await runAt(server, "例え.テスト")).toMatchObject({ ascii_domain: "xn--r8jz45g.xn--zckzah", outcome: "refused" });
    expect(server.questions[0]?.name).toBe("xn--r8jz45g.xn--zckzah");
  });

  test.each([
    "192.0.2.1",
    "[192.0.2.1]",
    "2001:db8::1",
    "0127.0.0.1",
    "user@example.org",
    "a b.example",
    "a\r\n.example",
    "-a.example",
    `${"a".repeat(64)}.example`,
    "",
  ])("%j is invalid: nothing is sent", async (domain) => {
    await expect(run("mail.mx", { domain })).rejects.toMatchObject({ code: "invalid_input", violations: [{ pointer: "/domain" }] });
  });
});

describe("a domain that accepts no mail", () => {
  test("has a null MX: its address is not queried", async () => {
    const server = await serve();
    const output = await runAt(server, "null.example");
    expect(output).toMatchObject({ status: "ok", failure: null, kind: "null_mx", null_mx: true, hosts: [], findings: [] });
    expect(server.questions).toHaveLength(1);
  });

  test("with other MX records beside a null MX is misconfigured: the others are used", async () => {
    const output = await mx("null-and-more.example");
    expect(output).toMatchObject({ status: "warning", failure: null, kind: "mx", null_mx: true });
    expect(hostNames(output)).toEqual(["mx1.example"]);
    expect(reasons(output)).toEqual(["null_mx_with_others"]);
  });
});

describe("a domain without MX records", () => {
  test.each([
    ["implicit.example", ["93.184.215.14"]],
    ["implicit6.example", ["2606:2800:21f:cb07:6820:80da:af6b:8b2c"]],
  ])("is its own mail host: %s", async (domain, addresses) => {
    const output = await mx(domain);
    expect(output).toMatchObject({ status: "ok", failure: null, kind: "implicit", outcome: "no_data", hosts: [{ host: domain, preference: 0 }] });
    expect(addressesOf(output)).toEqual(addresses);
  });

  test("and without an address has no mail host", async () => {
    const output = await mx("text-only.example");
    expect(output).toMatchObject({ status: "error", kind: "none", hosts: [], failure: { phase: "resolve", code: "dns_not_found", retryable: false } });
    expect(output.failure?.message).toBe("text-only.example has no mail host: neither MX records nor an address");
  });

  test("is its own mail host even if it has only addresses of the other family", async () => {
    expect(await mx("implicit6.example", { address_family: "ipv4" })).toMatchObject({ kind: "implicit", failure: { code: "dns_not_found" } });
  });

  test("has an uncertain result while one of its addresses is uncertain", async () => {
    const output = await mx("text-only.example", {}, ({ type }) => (type === "AAAA" ? { rcode: 2 } : undefined));
    expect(output).toMatchObject({ status: "error", kind: "unknown", failure: { code: "dns_failure", retryable: true } });
  });

  test("has the known address if the other is uncertain", async () => {
    const output = await mx("implicit.example", {}, ({ type }) => (type === "AAAA" ? { rcode: 2 } : undefined));
    expect(output).toMatchObject({ kind: "implicit", failure: null });
  });
});

describe("permanent and temporary failures", () => {
  test("a domain that does not exist is a permanent failure", async () => {
    const server = await serve();
    const output = await runAt(server, "missing.example");
    expect(output).toMatchObject({ status: "error", kind: "none", outcome: "no_such_name", ttl_s: 60, failure: { code: "dns_not_found", retryable: false } });
    expect(server.questions).toHaveLength(1);
  });

  test.each([
    [2, "server_failure", "dns_failure"],
    [5, "refused", "dns_failure"],
    [9, "unusable_reply", "dns_failure"],
  ])("the response code %i is temporary, and the domain is not taken as its own mail host", async (rcode, outcome, code) => {
    const server = await serve(({ type }) => (type === "MX" ? { rcode } : undefined));
    const output = await runAt(server, "implicit.example");
    expect(output).toMatchObject({ status: "error", kind: "unknown", outcome, hosts: [], failure: { phase: "resolve", code, retryable: true } });
    expect(server.questions.every(({ type }) => type === "MX")).toBe(true);
  });

  test("a timeout is temporary", async () => {
    const output = await mx("implicit.example", { query_timeout_ms: 30, lookup_timeout_ms: 100 }, () => ({ drop: true }));
    expect(output).toMatchObject({ kind: "unknown", outcome: "timeout", failure: { code: "timeout", retryable: true } });
    expect(output.operations).toMatchObject([{ name: "MX implicit.example", code: null, message: "no name server answered within 100 ms" }]);
  });

  test("the run's deadline keeps the results so far", async () => {
    const output = await mx("several.example", { timeout_ms: 150 }, ({ type }) => (type === "MX" ? undefined : { drop: true }));
    expect(output).toMatchObject({ status: "error", kind: "mx", outcome: "found", ttl_s: 300, failure: { phase: "resolve", code: "timeout" } });
    expect(hostNames(output)).toHaveLength(4);
    expect(output.operations.filter(({ duration_ms: duration }) => duration === null)).toEqual([]);
  });
});

describe("an invalid mail host", () => {
  test("an alias is followed, and reported", async () => {
    const output = await mx("to-alias.example");
    expect(output).toMatchObject({ status: "warning", failure: null, hosts: [{ host: "alias.example", aliases: ["mx1.example"] }] });
    expect(reasons(output)).toEqual(["mx_alias"]);
  });

  test.each([
    ["to-address.example", "93.184.215.14", "mx_address"],
    ["to-localhost.example", "localhost", "mx_localhost"],
  ])("%s: %s is not queried", async (domain, host, reason) => {
    const server = await serve();
    const output = await runAt(server, domain);
    expect(output).toMatchObject({ status: "error", kind: "mx", hosts: [{ host, addresses: [] }], failure: { code: "dns_not_found" } });
    expect(reasons(output)).toEqual([reason]);
    expect(server.questions).toHaveLength(1);
  });

  test("a name with an underscore is queried, and reported", async () => {
    const output = await mx("to-underscore.example");
    expect(output).toMatchObject({ status: "warning", failure: null, hosts: [{ host: "_mx.example", problem: "not_a_host_name" }] });
    expect(addressesOf(output)).toEqual(["93.184.215.14"]);
  });

  test("a name with control characters is not queried, and is escaped", async () => {
    const edit = (reply: DnsReply): DnsReply => ({
      ...reply,
      answers: [{ type: "MX", name: "several.example", ttl: 9, data: { preference: 1, exchange: "mx\r\nRCPT TO:<a>.example" } }],
    });
    const server = await serve(() => ({ edit }));
    const output = await runAt(server, "several.example");
    expect(output).toMatchObject({ hosts: [{ problem: "not_a_name", addresses: [] }] });
    expect(reasons(output)).toEqual(["mx_not_a_name"]);
    expect(server.questions).toHaveLength(1);
  });

  test.each(["to-missing.example", "to-nothing.example"])("%s: a host without an address is a permanent failure if it is the only one", async (domain) => {
    const output = await mx(domain);
    expect(output).toMatchObject({ status: "error", kind: "mx", failure: { code: "dns_not_found", retryable: false } });
    expect(reasons(output)).toEqual(["mx_without_address"]);
  });

  test("a host without an address is a warning beside one that has one", async () => {
    const output = await mx("half-dead.example");
    expect(output).toMatchObject({ status: "warning", failure: null });
    expect(reasons(output)).toEqual(["mx_without_address"]);
  });

  test("hosts with uncertain addresses are a temporary failure, with any other hosts", async () => {
    const output = await mx("half-dead.example", {}, ({ name }) => (name === "mx1.example" ? { rcode: 2 } : undefined));
    expect(output).toMatchObject({ status: "error", kind: "mx", failure: { code: "dns_failure", retryable: true } });
    expect(reasons(output)).toEqual(["mx_without_address", "mx_lookup_failed"]);
  });
});

describe("addresses that must not be dialled", () => {
  test("are listed with their scope, and make a domain without others unreachable", async () => {
    const output = await mx("inside.example");
    expect(output).toMatchObject({ status: "error", kind: "mx", failure: { phase: "resolve", code: "not_permitted", retryable: false } });
    expect(output.hosts[0]?.addresses).toEqual([
      { ip_address: "64:ff9b::a00:1", ttl_s: 300, scope: "nat64", standard: "RFC 6052", may_be_dialled: false },
      { ip_address: "10.0.0.1", ttl_s: 300, scope: "private", standard: "RFC 1918", may_be_dialled: false },
    ]);
    expect(output.findings).toMatchObject([
      { reason: "address_refused", expected: "global", actual: "nat64" },
      { reason: "address_refused", expected: "global", actual: "private" },
    ]);
  });

  test("are a warning beside one that may be dialled", async () => {
    const output = await mx("mixed.example");
    expect(output).toMatchObject({ status: "warning", failure: null });
    expect(output.hosts[0]?.addresses.map(({ may_be_dialled: mayBeDialled }) => mayBeDialled)).toEqual([false, true]);
  });

  test("may be dialled if the input allows it, and still have their scope", async () => {
    const output = await mx("inside.example", { allow_private_addresses: true });
    expect(output).toMatchObject({
      status: "ok",
      failure: null,
      findings: [],
      hosts: [{ addresses: [{ scope: "nat64", may_be_dialled: true }, { scope: "private" }] }],
    });
  });
});

describe("a cached answer", () => {
  test("is used, unless the input asks for a new one", async () => {
    const server = await serve();
    await runAt(server, "to-alias.example");
    const cached = await runAt(server, "to-alias.example");
    expect(cached).toMatchObject({ from_cache: true, kind: "mx", operations: [{ code: 0, message: "10 alias.example (from the cache)" }, {}, {}] });
    expect(server.questions).toHaveLength(3);
    expect(await runAt(server, "to-alias.example", { cache: "refresh" })).toMatchObject({ from_cache: false });
    expect(await runAt(server, "to-alias.example", { cache: "off" })).toMatchObject({ from_cache: false });
    expect(server.questions).toHaveLength(9);
  });

  test("the same query of many runs is sent once", async () => {
    const server = await serve(() => ({ delayMs: 10 }));
    await Promise.all(Array.from({ length: 50 }, () => runAt(server, "to-alias.example")));
    expect(server.questions).toHaveLength(3);
  });

  test("authenticated data is reported for the MX records and for each host", async () => {
    const server = await serve(undefined, { authenticated: true });
    expect(await runAt(server, "several.example")).toMatchObject({ authenticated_data: true, hosts: [{ authenticated_data: true }, {}, {}, {}] });
  });
});
