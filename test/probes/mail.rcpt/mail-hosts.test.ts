import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { run } from "../../../runner/harness/run.js";
import { type DnsServer, startDnsServer } from "../../../runner/lab/dns-server.js";
import { knowsThree, type MailboxServer, type MailboxServerOptions, startMailboxServer } from "../../support/mailbox-server.js";
import { playConnections } from "../../support/play-connections.js";
import { type RcptOutput, rcptInput } from "../../support/rcpt-behaviours.js";

/** Nothing listens at 127.0.0.9; the others are the test's to fill. To a group address (RFC 1112) no connection leaves the machine. */
const ZONE = `
$ORIGIN example.
$TTL 300
@              SOA   ns.example. hostmaster.example. 1 3600 600 86400 60
@              NS    ns
ns             A     127.0.0.1
one            A     127.0.0.1
two            A     127.0.0.2
dead           A     127.0.0.9
global         A     192.0.2.1
plain          MX    10 one
both           MX    10 one
both           MX    20 two
dead-first     MX    10 dead
dead-first     MX    20 two
all-dead       MX    10 dead
null-mx        MX    0 .
null-and-one   MX    0 .
null-and-one   MX    10 one
implicit       A     127.0.0.1
nothing        TXT   "neither MX nor address"
half           TXT   "its address is withheld"
dangling       MX    10 no-such-host
private        MX    10 one
alias          MX    10 www
www            CNAME one
xn--bcher-kva  MX    10 one
cousin         MX    10 one
many           MX    10 far
many           MX    20 one
far            A     224.0.0.1
far            A     224.0.0.2
far            A     224.0.0.3
far            A     224.0.0.4
far            A     224.0.0.5
`;

let dns: DnsServer;
const open: { close(): Promise<unknown> }[] = [];
beforeEach(async () => {
  const behave = ({ name, type }: { name: string; type: string }) => {
    if (name === "broken.example") return { rcode: 2 };
    if (name === "refused.example") return { rcode: 5 };
    if (name === "silent.example") return { drop: true };
    return name === "half.example" && type !== "MX" ? { rcode: 2 } : undefined;
  };
  dns = await startDnsServer({ zones: [ZONE], behave });
  open.push(dns);
});
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

async function server(options: Partial<MailboxServerOptions> = {}): Promise<MailboxServer> {
  const started = await startMailboxServer({ answer: knowsThree, ...options });
  open.push(started);
  return started;
}

/** A second mail host, at the same port of another address. */
async function two(port: number, options: Partial<MailboxServerOptions> = {}): Promise<MailboxServer> {
  return server({ host: "127.0.0.2", port, ...options });
}

async function ask(email: string, port: number, input: Record<string, unknown> = {}): Promise<RcptOutput> {
  const { mx_host: _, ...common } = rcptInput(port);
  return (await run("mail.rcpt@1.0.0", { ...common, email, resolver: { servers: dns.servers }, query_timeout_ms: 200, lookup_timeout_ms: 500, ...input }))
    .output as RcptOutput;
}

const only = ({ results }: RcptOutput): RcptOutput["results"][number] => results[0] as RcptOutput["results"][number];

describe("what the name servers alone decide", () => {
  test.each([
    ["a null MX", "ada@null-mx.example", "domain_takes_no_mail", "invalid", "hard_fail", false],
    ["a name that does not exist", "ada@missing.example", "domain_unknown", "invalid", "hard_fail", false],
    ["neither MX nor address", "ada@nothing.example", "no_mail_host", "invalid", "hard_fail", false],
    ["a mail host that does not exist", "ada@dangling.example", "no_mail_host", "invalid", "hard_fail", false],
    ["SERVFAIL", "ada@broken.example", "dns_failure", "unknown", "unknown", true],
    ["REFUSED", "ada@refused.example", "dns_failure", "unknown", "unknown", true],
    ["no answer", "ada@silent.example", "dns_failure", "unknown", "unknown", true],
    ["no MX, and SERVFAIL for the address", "ada@half.example", "dns_failure", "unknown", "unknown", true],
  ])("%s", async (_what, email, reason, verdict, category, isTemporary) => {
    const { port, connections } = await server();
    const output = await ask(email, port);
    expect(only(output)).toMatchObject({ reason, verdict, category, decided_at: "resolve", code: null, mx_host: null });
    expect(only(output).retry_after_ms !== null).toBe(isTemporary);
    expect(output).toMatchObject({ status: "error", failure: { phase: "resolve", retryable: isTemporary }, attempts: [] });
    expect(connections).toHaveLength(0);
  });

  test("with one address family only, a missing address decides nothing", async () => {
    const { port } = await server();
    expect(only(await ask("ada@plain.example", port, { address_family: "ipv6" }))).toMatchObject({ verdict: "unknown", decided_at: "resolve" });
  });
});

describe("the mail host that is asked", () => {
  test.each(["ada@plain.example", "ada@implicit.example", "ada@null-and-one.example", "ada@alias.example", "ada@bücher.example", "ada@xn--bcher-kva.example"])(
    "%s is checked at its host",
    async (email) => {
      const { port, connections } = await server();
      expect(only(await ask(email, port))).toMatchObject({ category: "accept", verdict: "valid", ip_address: "127.0.0.1" });
      expect(connections).toHaveLength(1);
    },
  );

  test("an address literal is its own host", async () => {
    const { port } = await server();
    expect(only(await ask("ada@[127.0.0.1]", port))).toMatchObject({ category: "accept", mx_host: "127.0.0.1" });
  });

  test("addresses that are not global are dialled only with allow_private_addresses", async () => {
    const { port, connections } = await server();
    for (const email of ["ada@private.example", "ada@[127.0.0.1]"]) {
      const output = await ask(email, port, { allow_private_addresses: false });
      expect(only(output)).toMatchObject({ reason: "not_permitted", verdict: "unknown", decided_at: "resolve" });
    }
    expect(only(await ask("ada@plain.example", port, { allow_private_addresses: false, mx_host: "127.0.0.1" }))).toMatchObject({ reason: "not_permitted" });
    expect(connections).toHaveLength(0);
  });

  test("domains of one site share a connection, and each has its own catch-all result", async () => {
    const { port, connections } = await server();
    const { email: _, ...rest } = { email: "", resolver: { servers: dns.servers } };
    const { mx_host: __, ...common } = rcptInput(port);
    const { output } = await run("mail.rcpt@1.0.0", { ...common, ...rest, emails: ["ada@plain.example", "bob@cousin.example", "nobody@private.example"] });
    expect((output as RcptOutput).sites.map(({ site }) => site)).toEqual([`one.example:${port}`]);
    expect((output as RcptOutput).results.map(({ verdict }) => verdict)).toEqual(["valid", "valid", "invalid"]);
    expect(connections).toHaveLength(1);
  });

  test("a cached answer is used, unless the input asks for a new one", async () => {
    const { port } = await server();
    await ask("ada@plain.example", port);
    const asked = dns.questions.length;
    expect((await ask("ada@plain.example", port)).domains[0]?.from_cache).toBe(true);
    expect(dns.questions.length).toBe(asked);
    await ask("ada@plain.example", port, { cache: "refresh" });
    expect(dns.questions.length).toBeGreaterThan(asked);
  });
});

describe("the second mail host", () => {
  test("is asked if the first is unreachable, and both attempts are reported", async () => {
    const { port } = await server();
    await two(port);
    const output = await ask("ada@dead-first.example", port);
    expect(only(output)).toMatchObject({ verdict: "valid", mx_host: "two.example", ip_address: "127.0.0.2" });
    expect(output.attempts.map(({ mx_host: host, outcome, ended_at: at }) => [host, outcome, at])).toEqual([
      ["dead.example", "failed", "connect"],
      ["two.example", "connected", null],
    ]);
  });

  test("if it is unreachable, too, the mailbox is unknown", async () => {
    const { port } = await server();
    expect(only(await ask("ada@all-dead.example", port))).toMatchObject({ reason: "connection_failed", verdict: "unknown", category: "unknown", code: null });
  });

  test.each([
    ["421 at the greeting", "S: 421 4.3.2 later\n@close", true],
    ["450 at the greeting", "S: 450 4.3.2 later\nC: QUIT\nS: 221 bye", true],
    ["521 at the greeting", "S: 521 mx does not accept mail\n@close", true],
    ["nothing at the greeting", "@close", true],
    ["421 at MAIL", "S: 220 mx\nC: EHLO *\nS: 250 mx\nC: MAIL *\nS: 421 4.3.2 later\n@close", true],
    ["421 at RCPT", "S: 220 mx\nC: EHLO *\nS: 250 mx\nC: MAIL *\nS: 250 OK\nC: RCPT *\nS: 421 4.3.2 later\n@close", true],
    ["554 at the greeting", "S: 554 5.7.1 no\nC: QUIT\nS: 221 bye", false],
    ["550 at MAIL", "S: 220 mx\nC: EHLO *\nS: 250 mx\nC: MAIL *\nS: 550 no\nC: QUIT\nS: 221 bye", false],
    ["550 at RCPT", "S: 220 mx\nC: EHLO *\nS: 250 mx\nC: MAIL *\nS: 250 OK\nC: RCPT *\nS: 550 5.1.1 unknown\nC: RSET\nS: 250 OK\nC: QUIT\nS: 221 bye", false],
    [
      "450 at RCPT",
      "S: 220 mx\nC: EHLO *\nS: 250 mx\nC: MAIL *\nS: 250 OK\nC: RCPT *\nS: 450 4.2.0 greylisted\nC: RSET\nS: 250 OK\nC: QUIT\nS: 221 bye",
      false,
    ],
  ])("after %s: tried = %s", async (_what, transcript, isTried) => {
    const first = await playConnections([transcript], "whole");
    open.push(first);
    const second = await two(first.port);
    const output = await ask("ada@both.example", first.port);
    expect(second.connections.length > 0).toBe(isTried);
    expect(only(output).verdict === "valid").toBe(isTried);
    expect(first.mismatches).toEqual([]);
  });

  test("an address of a family that this machine lacks does not count as tried", async () => {
    const { port } = await server();
    const output = await ask("ada@many.example", port);
    expect(output.attempts.filter(({ outcome }) => outcome === "failed").length).toBeGreaterThanOrEqual(5);
    expect(only(output)).toMatchObject({ verdict: "valid", mx_host: "one.example" });
  });

  test("is asked after the first has hung up twice in a row without an answer", async () => {
    const first = await server({ answer: () => null });
    const second = await two(first.port);
    const output = await ask("ada@both.example", first.port, { timeout_ms: 5000 });
    expect(only(output)).toMatchObject({ reason: "mailbox_exists", mx_host: "two.example" });
    expect([first, second].map(({ connections }) => connections.length)).toEqual([2, 1]);
  });

  test("if it hangs up like the first, the number of connections is limited", async () => {
    const first = await server({ answer: () => null });
    const output = await ask("ada@plain.example", first.port, { timeout_ms: 5000 });
    expect(only(output)).toMatchObject({ verdict: "unknown" });
    expect(output.failure).not.toMatchObject({ code: "timeout" });
    expect(first.connections).toHaveLength(2);
  });

  test("is not asked while the first answers about one address per connection", async () => {
    const first = await server({ answer: (address, { connections }) => (connections.at(-1)?.length === 3 ? knowsThree(address) : null) });
    const second = await two(first.port);
    const emails = ["ada", "bob", "cem", "zed"].map((name) => `${name}@both.example`);
    const { results } = await ask("", first.port, { email: undefined, emails, catch_all: false });
    expect(results.map(({ reason, mx_host: host }) => `${reason} ${host}`)).toEqual([
      "mailbox_exists one.example",
      "mailbox_exists one.example",
      "mailbox_exists one.example",
      "mailbox_unknown one.example",
    ]);
    expect([first, second].map(({ connections }) => connections.length)).toEqual([4, 0]);
  });

  test("is asked only about addresses that the first has not answered", async () => {
    const unknown = ["C: MAIL *", "S: 250 OK", "C: RCPT *", "S: 550 5.1.1 unknown", "C: RSET", "S: 250 OK"];
    const said = ["S: 220 mx", "C: EHLO *", "S: 250 mx", ...unknown, "C: MAIL *", "S: 250 OK", "C: RCPT *", "S: 421 4.3.2 closing", "@close"];
    const first = await playConnections([said.join("\n")], "whole");
    open.push(first);
    const second = await two(first.port);
    const { mx_host: _, ...common } = rcptInput(first.port);
    const emails = ["zed@both.example", "ada@both.example"];
    const { output } = await run("mail.rcpt@1.0.0", { ...common, emails, resolver: { servers: dns.servers }, catch_all: false });
    expect((output as RcptOutput).results.map(({ category, mx_host: host }) => [category, host])).toEqual([
      ["hard_fail", "one.example"],
      ["accept", "two.example"],
    ]);
    expect(second.connections.flat().filter((line) => line.startsWith("RCPT"))).toEqual(["RCPT TO:<ada@both.example>"]);
  });
});
