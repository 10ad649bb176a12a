import { afterEach, describe, expect, test } from "vitest";
import { run } from "../../../runner/harness/run.js";
import { knowsThree, type MailboxServer, type MailboxServerOptions, startMailboxServer } from "../../support/mailbox-server.js";
import { type RcptOutput, rcptInput } from "../../support/rcpt-behaviours.js";

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

async function server(options: Partial<MailboxServerOptions> = {}): Promise<MailboxServer> {
  const started = await startMailboxServer({ answer: knowsThree, ...options });
  open.push(started);
  return started;
}

async function ask(port: number, emails: readonly string[], input: Record<string, unknown> = {}): Promise<RcptOutput> {
  return (await run("mail.rcpt@1.0.0", { ...rcptInput(port), emails, ...input })).output as RcptOutput;
}

const CROWD = Array.from({ length: 40 }, (_, index) => (index % 4 === 0 ? "ada@example.org" : `nobody${index}@example.org`));
const verdicts = ({ results }: RcptOutput): string[] => results.map(({ verdict }) => verdict);

describe("many addresses of one site", () => {
  test("are checked over one connection, each in a separate transaction", async () => {
    const { port, connections } = await server();
    const output = await ask(port, ["ada@example.org", "nobody@example.org", "bob@example.org"]);
    expect(verdicts(output)).toEqual(["valid", "invalid", "valid"]);
    expect(output.results.map(({ email }) => email)).toEqual(["ada@example.org", "nobody@example.org", "bob@example.org"]);
    expect(connections).toHaveLength(1);
    const verbs = connections[0]?.map((line) => line.slice(0, 4)) ?? [];
    const transaction = ["MAIL", "RCPT", "RSET"];
    expect(verbs).toEqual(["EHLO", ...transaction, ...transaction, ...transaction, ...transaction, "QUIT"]);
  });

  test("are pipelined if the server offers it, and sent one by one if not", async () => {
    const fast = await server();
    await ask(fast.port, CROWD, { catch_all: false });
    const slow = await server({ capabilities: [] });
    await ask(slow.port, CROWD, { catch_all: false });
    expect(slow.reads).toBeGreaterThan(120);
    expect(fast.reads).toBeLessThan(20);
  });

  test.each([true, false])("get the same verdicts when the server hangs up at each refusal (pipelined: %s)", async (pipelined) => {
    const { port, connections } = await server({ closesAfterRefusal: true, capabilities: pipelined ? ["PIPELINING"] : [] });
    const output = await ask(port, CROWD);
    expect(verdicts(output)).toEqual(CROWD.map((email) => (email.startsWith("ada") ? "valid" : "invalid")));
    // One for each refusal, and one for the random address.
    expect(connections.length).toBeLessThanOrEqual(32);
  });

  test("are separated by a random pause if the input asks for it", async () => {
    const { port, connections, askedAt } = await server();
    const output = await ask(port, CROWD.slice(0, 6), { pause_ms: 200 });
    expect(verdicts(output)).toEqual(["valid", "invalid", "invalid", "invalid", "valid", "invalid"]);
    const gaps = askedAt.slice(1).map((at, index) => at - (askedAt[index] as number));
    // Six, and the random address.
    expect(gaps).toHaveLength(6);
    expect(gaps.reduce((sum, gap) => sum + gap, 0)).toBeGreaterThan(100);
    expect(new Set(gaps.map((gap) => Math.round(gap / 5))).size).toBeGreaterThan(1);
    expect(connections).toHaveLength(1);
  });

  test("do not pause beyond the end of the run", async () => {
    const { port } = await server();
    const began = performance.now();
    const output = await ask(port, CROWD.slice(0, 3), { pause_ms: 600_000, timeout_ms: 300 });
    expect(performance.now() - began).toBeLessThan(2000);
    expect(output.results.map(({ reason }) => reason)).toEqual(["mailbox_exists", "run_ended", "run_ended"]);
  });

  test("continue on a new connection after addresses_per_connection addresses", async () => {
    const { port, connections } = await server();
    const output = await ask(port, CROWD, { addresses_per_connection: 15, catch_all: false });
    expect(connections.map((commands) => commands.filter((line) => line.startsWith("RCPT")).length)).toEqual([15, 15, 10]);
    expect(connections.every((commands) => commands.at(-1) === "QUIT")).toBe(true);
    expect(verdicts(output).filter((verdict) => verdict === "invalid")).toHaveLength(30);
  });

  test("continue on new connections if the server accepts few transactions in each", async () => {
    const { port, connections } = await server({ transactionsPerConnection: 2 });
    const { results } = await ask(port, ["ada@example.org", "zed@example.org", "bob@example.org", "yan@example.org", "cem@example.org"], { catch_all: false });
    expect(results.map(({ reason }) => reason)).toEqual(["mailbox_exists", "mailbox_unknown", "mailbox_exists", "mailbox_unknown", "mailbox_exists"]);
    // One refusal is enough to learn it.
    expect(connections.map((lines) => lines.filter((line) => line.startsWith("MAIL")).length)).toEqual([5, 2, 1]);
  });

  test("are not sent if the first reply refuses the client", async () => {
    const { port, connections } = await server({ answer: () => "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using dnsbl.example.net" });
    const output = await ask(port, CROWD);
    expect(new Set(output.results.map(({ reason, verdict }) => `${reason} ${verdict}`))).toEqual(new Set(["client_blocked unknown"]));
    // Of the others nothing was said.
    expect(output.results.map(({ category }) => category)).toEqual(["hard_fail", ...CROWD.slice(1).map(() => "unknown")]);
    expect(connections.flat().filter((line) => line.startsWith("RCPT"))).toHaveLength(1);
  });

  test("cause one check of a random address in each domain", async () => {
    const { port, connections } = await server({ answer: (address) => (address.endsWith("@open.example") ? "250 OK" : knowsThree(address)) });
    const output = await ask(port, ["ada@example.org", "bob@example.org", "anybody@open.example", "nobody@closed.example"]);
    expect(output.domains.map(({ domain, catch_all: { verdict, asked } }) => [domain, verdict, asked])).toEqual([
      ["example.org", "no", true],
      ["open.example", "yes", true],
      ["closed.example", "unknown", false],
    ]);
    expect(verdicts(output)).toEqual(["valid", "valid", "risky", "invalid"]);
    expect(connections.flat().filter((line) => line.startsWith("RCPT"))).toHaveLength(6);
  });

  test("a domain with a known catch-all result is not asked again", async () => {
    const { port, connections } = await server();
    await ask(port, ["ada@example.org"]);
    const output = await ask(port, ["bob@example.org"]);
    expect(output.domains[0]?.catch_all).toMatchObject({ verdict: "no", from_cache: true });
    expect(verdicts(output)).toEqual(["valid"]);
    expect(connections[1]?.filter((line) => line.startsWith("RCPT"))).toHaveLength(1);
  });

  test("duplicates and invalid addresses keep their position in the results", async () => {
    const { port } = await server();
    const output = await ask(port, ["ada@example.org", "not an address", "ada@example.org", "a@b@example.org", ""]);
    expect(output.results.map(({ reason, verdict }) => `${reason} ${verdict}`)).toEqual([
      "mailbox_exists valid",
      "address_malformed invalid",
      "mailbox_exists valid",
      "address_malformed invalid",
      "address_malformed invalid",
    ]);
  });

  test("a temporary failure becomes the run's failure, so that a queue retries it", async () => {
    const { port } = await server({ answer: (address) => (address.startsWith("bob") ? "450 4.2.0 Greylisted" : knowsThree(address)) });
    const output = await ask(port, ["nobody@example.org", "bob@example.org", "ada@example.org"]);
    expect(output).toMatchObject({ status: "error", failure: { phase: "rcpt", code: "reply_rejected", reply_code: 450, retryable: true } });
    expect(output.failure?.message).toContain("2 of 3 addresses are not accepted");
  });
});

test("case and quotes of a local part are sent as written", async () => {
  const { port, connections } = await server({ answer: () => "250 OK" });
  await ask(port, ["Ada.Lovelace@Example.ORG", '"ada lovelace"@example.org'], { catch_all: false });
  expect(connections.flat().filter((line) => line.startsWith("RCPT"))).toEqual(["RCPT TO:<Ada.Lovelace@Example.ORG>", 'RCPT TO:<"ada lovelace"@example.org>']);
});

test("the same replies give the same verdict twice", async () => {
  const { port } = await server();
  const first = await ask(port, CROWD, { seed: 7 });
  const second = await ask(port, CROWD, { seed: 7 });
  expect(second.results.map(({ elapsed_ms: _, ...result }) => result)).toEqual(first.results.map(({ elapsed_ms: _, ...result }) => result));
});
