import { afterEach, describe, expect, test } from "vitest";
import { addressTarget, domainTarget } from "../../../probes/mail.blocklist/names.js";
import type { Output } from "../../../probes/mail.blocklist/schema.js";
import { run } from "../../../runner/harness/run.js";
import { type DnsBehaviour, type DnsQuestion, type DnsServer, startDnsServer } from "../../../runner/lab/dns-server.js";

const open: DnsServer[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

const V6 = (last: string): string => `${last}.0.0.0.0.0.f.7.f.f.f.f${".0".repeat(20)}`;
const LIST_TESTS = ["2.0.0.127 A 127.0.0.2", `${V6("2")} A 127.0.0.2`, "test A 127.0.1.2"];

function list(zone: string, ...records: string[]): string {
  return [`$ORIGIN ${zone}.`, "$TTL 300", "@ SOA ns.example. hostmaster.example. 1 3600 600 86400 60", ...records].join("\n");
}

type Behave = (question: DnsQuestion) => DnsBehaviour | undefined;

async function serve(zones: readonly string[], behave?: Behave): Promise<DnsServer> {
  const server = await startDnsServer({ zones, ...(behave === undefined ? {} : { behave }) });
  open.push(server);
  return server;
}

async function check(server: DnsServer, input: Record<string, unknown>): Promise<Output> {
  const lists = { address_lists: ["bl.example"], domain_lists: ["bl.example"] };
  return (await run("mail.blocklist", { ...lists, resolver: { servers: server.servers }, ...input })).output as Output;
}

/** One list, bl.example, that works and has these records. */
async function checkWith(records: readonly string[], input: Record<string, unknown>, behave?: Behave): Promise<Output> {
  return check(await serve([list("bl.example", ...LIST_TESTS, ...records)], behave), input);
}

const reasons = ({ findings }: Output): string[] => findings.map(({ reason }) => reason);

describe("the queried name", () => {
  test.each([
    ["192.0.2.7", "ipv4", "7.2.0.192"],
    ["2001:db8::7", "ipv6", "7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2"],
    ["2001:0DB8:0:0:0:0:0:7", "ipv6", "7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2"],
    ["::ffff:192.0.2.7", "ipv4", "7.2.0.192"],
    ["::FFFF:C0A8:FE01", "ipv4", "1.254.168.192"],
  ])("of %s (%s) is %s before the zone", (address, kind, label) => {
    expect(addressTarget(address)).toEqual({ target: address, kind, label });
  });

  test("of a domain is the domain, in small A-labels", () => {
    expect(domainTarget("Bücher.Example.")).toEqual({ target: "Bücher.Example.", kind: "domain", label: "xn--bcher-kva.example" });
  });

  test("of a domain that is too long is not queried", async () => {
    const domain = `${"a".repeat(60)}.`.repeat(4).slice(0, -1);
    const output = await checkWith([], { domains: [domain] });
    expect(output).toMatchObject({ status: "warning", unknown: 1, answers: [{ result: "unknown" }] });
    expect(output.answers[0]?.message).toContain("too long");
  });
});

describe("an answer", () => {
  test("in 127.0.0.0/8 is a listing, with its codes, its time to live and the list's words", async () => {
    const output = await checkWith(["7.2.0.192 120 A 127.0.0.9", "7.2.0.192 120 A 127.0.0.4", '7.2.0.192 TXT "spam" " trap"'], { addresses: ["192.0.2.7"] });
    expect(output).toMatchObject({ status: "error", failure: null, listed: 1, not_listed: 0, unknown: 0 });
    expect(output.answers).toEqual([
      {
        target: "192.0.2.7",
        kind: "ipv4",
        list: "bl.example",
        name: "7.2.0.192.bl.example",
        result: "listed",
        message: null,
        codes: [
          { code: "127.0.0.9", meaning: null },
          { code: "127.0.0.4", meaning: null },
        ],
        text: ["spam trap"],
        ttl_s: 120,
        from_cache: false,
      },
    ]);
    expect(output.findings).toEqual([
      {
        severity: "error",
        reason: "listed",
        message: "bl.example lists 192.0.2.7: 127.0.0.9; 127.0.0.4; spam trap",
        expected: "not_listed",
        actual: "127.0.0.9, 127.0.0.4",
      },
    ]);
  });

  test("is a warning if the input says so", async () => {
    const output = await checkWith(["7.2.0.192 A 127.0.0.2"], { addresses: ["192.0.2.7"], severity: "warning" });
    expect(output).toMatchObject({ status: "warning", listed: 1, findings: [{ severity: "warning", reason: "listed" }] });
  });

  test("that there is no such name, or no address at it, says not listed", async () => {
    const output = await checkWith(['8.2.0.192 TXT "a word"'], { addresses: ["192.0.2.7", "192.0.2.8"] });
    expect(output).toMatchObject({ status: "ok", not_listed: 2, answers: [{ result: "not_listed", ttl_s: 60, text: [] }, { result: "not_listed" }] });
  });

  test("outside of 127.0.0.0/8 is not a listing: the result is unknown", async () => {
    const output = await checkWith(["7.2.0.192 A 192.0.2.80"], { addresses: ["192.0.2.7"] });
    expect(output).toMatchObject({ status: "warning", listed: 0, unknown: 1, answers: [{ result: "unknown", codes: [] }], lists: [{ state: "working" }] });
    expect(reasons(output)).toEqual(["unknown"]);
  });

  test("that is both counts with what is inside", async () => {
    const output = await checkWith(["7.2.0.192 A 192.0.2.80", "7.2.0.192 A 127.0.0.2"], { addresses: ["192.0.2.7"] });
    expect(output).toMatchObject({ answers: [{ result: "listed", codes: [{ code: "127.0.0.2" }] }] });
  });

  test.each(["127.255.255.252", "127.255.255.254", "127.255.255.255", "127.255.255.250"])("%s is an error on the client's side: no listing", async (code) => {
    const server = await serve([list("bl.example", ...LIST_TESTS, `7.2.0.192 A ${code}`, "9.2.0.192 A 127.0.0.2")]);
    const output = await check(server, { addresses: ["192.0.2.7", "192.0.2.9"] });
    expect(output).toMatchObject({ status: "warning", listed: 0, unknown: 2, lists: [{ state: "refuses_us", reason: "refused" }] });
    expect(output.answers[0]?.message).toContain(code);
    expect(reasons(output)).toEqual(["list_refuses_us"]);
    // Who says that it was asked too often is not asked again.
    expect(server.questions.map(({ name }) => name)).not.toContain("9.2.0.192.bl.example");
  });

  test.each([
    ["SERVFAIL", { rcode: 2 }],
    ["silence", { drop: true }],
    ["an unknown response code", { rcode: 9 }],
  ])("that is none, such as %s, is never not listed", async (_what, behaviour) => {
    const behave: Behave = ({ name }) => (name === "7.2.0.192.bl.example" ? behaviour : undefined);
    const output = await checkWith([], { addresses: ["192.0.2.7", "192.0.2.8"], query_timeout_ms: 30, lookup_timeout_ms: 100 }, behave);
    expect(output).toMatchObject({ status: "warning", not_listed: 1, unknown: 1, answers: [{ result: "unknown" }, { result: "not_listed" }] });
    expect(output.findings).toMatchObject([{ severity: "warning", reason: "unknown" }]);
  });

  test("of a domain is found under its A-labels, and of IPv6 under its nibbles", async () => {
    const records = ["xn--bcher-kva.example A 127.0.1.4", `${addressTarget("2001:db8::7").label} A 127.0.0.3`];
    const output = await checkWith(records, { domains: ["bücher.example", "example.org"], addresses: ["2001:db8::7"] });
    expect(output.answers.map(({ target, kind, result }) => [target, kind, result])).toEqual([
      ["2001:db8::7", "ipv6", "listed"],
      ["bücher.example", "domain", "listed"],
      ["example.org", "domain", "not_listed"],
    ]);
    expect(output.lists.map(({ kind, state }) => [kind, state])).toEqual([
      ["ipv6", "working"],
      ["domain", "working"],
    ]);
  });
});

describe("a list's words", () => {
  test("are shortened, and nothing in them moves a terminal", async () => {
    const texts = [`7.2.0.192 TXT "${"a".repeat(250)}" "${"b".repeat(250)}"`, '7.2.0.192 TXT "\u001b[31mred\u0007 \u202eevil"'];
    const output = await checkWith(["7.2.0.192 A 127.0.0.2", ...texts, ...Array.from({ length: 9 }, (_, index) => `7.2.0.192 TXT "${index}"`)], {
      addresses: ["192.0.2.7"],
    });
    const [first, second, ...rest] = output.answers[0]?.text ?? [];
    expect(first).toBe("a".repeat(250) + "b".repeat(50));
    expect(second).toBe("\\u{1b}[31mred\\u{7} \\u{202e}evil");
    expect(rest).toEqual(["0", "1"]);
  });

  test("may be missing", async () => {
    const behave: Behave = ({ type }) => (type === "TXT" ? { rcode: 2 } : undefined);
    const output = await checkWith(["7.2.0.192 A 127.0.0.2"], { addresses: ["192.0.2.7"] }, behave);
    expect(output).toMatchObject({ status: "error", answers: [{ result: "listed", text: [] }] });
  });
});

describe("a list is believed only where it", () => {
  const V4 = { addresses: ["192.0.2.7"] };

  test.each<[string, string[], Record<string, unknown>, string]>([
    ["lists 127.0.0.2", [], V4, "dead"],
    ["does not list 127.0.0.1", ["2.0.0.127 A 127.0.0.2", "1.0.0.127 A 127.0.0.2"], V4, "lists_everything"],
    ["lists ::FFFF:7F00:2", ["2.0.0.127 A 127.0.0.2"], { addresses: ["2001:db8::7"] }, "dead"],
    ["does not list ::FFFF:7F00:1", [`${V6("2")} A 127.0.0.2`, `${V6("1")} A 127.0.0.2`], { addresses: ["2001:db8::7"] }, "lists_everything"],
    ["lists TEST", [], { domains: ["example.org"] }, "dead"],
    ["does not list INVALID", ["test A 127.0.1.2", "invalid A 127.0.1.2"], { domains: ["example.org"] }, "lists_everything"],
    ["answers in 127.0.0.0/8", ["2.0.0.127 A 192.0.2.80", "1.0.0.127 A 192.0.2.80"], V4, "no_code"],
    ["is not answered for by a resolver that finds everything", ["2.0.0.127 A 127.0.0.2", "1.0.0.127 A 192.0.2.80"], V4, "no_code"],
  ])("%s", async (_rule, records, input, reason) => {
    const server = await serve([list("bl.example", ...records, "7.2.0.192 A 127.0.0.2")]);
    const output = await check(server, input);
    expect(output).toMatchObject({ status: "warning", failure: null, listed: 0, not_listed: 0, unknown: 1, lists: [{ state: "failing", reason }] });
    expect(output.answers[0]?.message).toContain("bl.example is not to be believed: ");
    expect(output.findings).toMatchObject([{ severity: "warning", reason: "list_failing", expected: "working", actual: "failing" }]);
    // What it says of others is not even asked for.
    expect(server.questions).toHaveLength(2);
  });

  test.each<[string, DnsBehaviour, string, string]>([
    ["is silent", { drop: true }, "failing", "no_answer"],
    ["fails", { rcode: 2 }, "failing", "no_answer"],
    ["refuses the question", { rcode: 5 }, "refuses_us", "refused"],
  ])("responds: with a name server that %s the result is unknown", async (_what, behaviour, state, reason) => {
    const output = await checkWith([], { ...V4, query_timeout_ms: 30, lookup_timeout_ms: 100 }, () => behaviour);
    expect(output).toMatchObject({ status: "warning", unknown: 1, not_listed: 0, lists: [{ state, reason }] });
  });

  test("answers us: one that refuses says why", async () => {
    const server = await serve([list("bl.example", "2.0.0.127 A 127.255.255.254", "1.0.0.127 A 127.255.255.254")]);
    expect(await check(server, V4)).toMatchObject({
      status: "warning",
      lists: [{ state: "refuses_us", reason: "refused", message: "127.255.255.254: it was asked through a public resolver, or one without a name of its own" }],
    });
  });

  test("works: another list that does not takes nothing from it", async () => {
    const server = await serve([list("bl.example", ...LIST_TESTS, "7.2.0.192 A 127.0.0.2"), list("dead.example")]);
    const output = await check(server, { ...V4, address_lists: ["dead.example", "BL.example", "bl.example"] });
    expect(output).toMatchObject({ status: "error", listed: 1, unknown: 1 });
    expect(output.lists.map(({ zone, state }) => [zone, state])).toEqual([
      ["dead.example", "failing"],
      ["bl.example", "working"],
    ]);
  });
});

describe("well-known lists", () => {
  const spamhaus = list("zen.spamhaus.org", ...LIST_TESTS, "7.2.0.192 A 127.0.0.2", "7.2.0.192 A 127.0.0.10");

  test("are asked where none are named, each for what it has", async () => {
    const server = await serve([]);
    const { output } = await run("mail.blocklist", {
      addresses: ["192.0.2.7", "2001:db8::7"],
      domains: ["example.org"],
      resolver: { servers: server.servers },
    });
    expect((output as Output).lists.map(({ zone, kind }) => `${kind} ${zone}`)).toEqual([
      "ipv4 zen.spamhaus.org",
      "ipv4 bl.spamcop.net",
      "ipv4 psbl.surriel.com",
      "ipv6 zen.spamhaus.org",
      "domain dbl.spamhaus.org",
      "domain multi.surbl.org",
      "domain multi.uribl.com",
    ]);
    for (const { terms } of (output as Output).lists) expect(terms).toMatch(/^free.*https:\/\//);
  });

  test("are understood", async () => {
    const output = await check(await serve([spamhaus]), { addresses: ["192.0.2.7"], address_lists: ["zen.spamhaus.org"] });
    expect(output.answers[0]?.codes).toEqual([
      { code: "127.0.0.2", meaning: "SBL: a source of spam, or of services for it" },
      { code: "127.0.0.10", meaning: "PBL: its provider says that mail should not come from there directly" },
    ]);
  });

  test("are not queried for types that they do not list", async () => {
    const server = await serve([]);
    expect(await check(server, { addresses: ["2001:db8::7"], address_lists: ["bl.spamcop.net"] })).toMatchObject({ answers: [], lists: [] });
    expect(server.questions).toEqual([]);
  });

  test("that are sums of lists are taken apart, and have a test domain and a refusal of their own", async () => {
    const zone = list("multi.uribl.com", "test.uribl.com A 127.0.0.14", "spam.example A 127.0.0.10");
    const input = { domains: ["spam.example"], domain_lists: ["multi.uribl.com"] };
    expect(await check(await serve([zone]), input)).toMatchObject({
      answers: [{ codes: [{ code: "127.0.0.10", meaning: "black: stands in spam; red: new, and watched" }] }],
    });
    const refusing = list("multi.uribl.com", "test.uribl.com A 127.0.0.1", "invalid A 127.0.0.1");
    expect(await check(await serve([refusing]), input)).toMatchObject({ listed: 0, unknown: 1, lists: [{ state: "refuses_us" }] });
  });
});

describe("a run", () => {
  test("that ends early keeps its results, and reports the rest as unknown", async () => {
    const behave: Behave = ({ name }) => (name.endsWith("8.2.0.192.bl.example") ? { drop: true } : undefined);
    const output = await checkWith(["7.2.0.192 A 127.0.0.2"], { addresses: ["192.0.2.7", "192.0.2.8", "192.0.2.9"], timeout_ms: 300 }, behave);
    expect(output).toMatchObject({ status: "error", failure: { code: "timeout" }, listed: 1, unknown: 2, not_listed: 0 });
  });

  test("asks for each target once, and not again what is known", async () => {
    const server = await serve([list("bl.example", ...LIST_TESTS)]);
    expect(await check(server, { addresses: ["192.0.2.7", "192.0.2.7"] })).toMatchObject({ not_listed: 1 });
    expect(await check(server, { addresses: ["192.0.2.7"] })).toMatchObject({ answers: [{ from_cache: true }] });
    expect(server.questions).toHaveLength(3);
  });

  test.each<[string, Record<string, unknown>]>([
    ["nothing to look for", {}],
    ["an empty list", { addresses: [] }],
    ["a name as an address", { addresses: ["example.org"] }],
    ["an address as a domain", { domains: ["192.0.2.7"] }],
    ["an address as a list", { addresses: ["192.0.2.7"], address_lists: ["192.0.2.7"] }],
  ])("with %s is refused, and nothing is sent", async (_what, input) => {
    await expect(run("mail.blocklist", input)).rejects.toMatchObject({ code: "invalid_input" });
  });
});

test("`probe-run mail.blocklist --lab` has a bench for each of them", async () => {
  const { default: lab } = await import("../../../probes/mail.blocklist/lab.js");
  const started = await lab.start(() => 0);
  try {
    const seen: [string, string, (string | undefined)[]][] = [];
    for (const { name, input } of started.servers) {
      const output = (await run("mail.blocklist", input as Record<string, unknown>)).output as Output;
      seen.push([name, output.status, output.lists.map(({ state, reason }) => reason ?? state)]);
    }
    expect(seen).toEqual([
      ["clean", "ok", ["working", "working", "working"]],
      ["listed", "error", ["working", "working"]],
      ["listed-domain", "warning", ["working"]],
      ["dead", "warning", ["dead"]],
      ["parked", "warning", ["no_code"]],
      ["refusing", "warning", ["refused"]],
      ["broken", "warning", ["no_answer"]],
    ]);
  } finally {
    await started.close();
  }
});
