import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type DnsServer, startDnsServer } from "../../../runner/lab/dns-server.js";
import { openQueue } from "../../../runner/queue/queue.js";
import { knowsThree, type MailboxServer, type MailboxServerOptions, startMailboxServer } from "../../support/mailbox-server.js";
import { interruptOnce, type Outcome, probeRun, type Surroundings } from "./command-line.js";

const ZONE = `
$ORIGIN example.
$TTL 300
@        SOA  ns.example. hostmaster.example. 1 3600 600 86400 60
one      A    127.0.0.1
two      A    127.0.0.2
first    MX   10 one
second   MX   10 two
cousin   MX   10 one
no-mail  MX   0 .
`;

/** Fast enough for a test. */
const LIMITS = { GLOBAL_RPS: "10000", PER_MX_RPS_DEFAULT: "10000" };

let folder: string;
let server: MailboxServer;
let dns: DnsServer;
const open: { close(): Promise<unknown> }[] = [];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "probe-run-rcpt-"));
  dns = await startDnsServer({ zones: [ZONE] });
  server = await started();
  open.push(dns);
});
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
  rmSync(folder, { recursive: true, force: true });
});

async function started(options: Partial<MailboxServerOptions> = {}): Promise<MailboxServer> {
  const running = await startMailboxServer({ answer: knowsThree, ...options });
  open.push(running);
  return running;
}

function rcpt(words: readonly string[], around: Surroundings = {}): Promise<Outcome> {
  const set = { mx_port: server.port, allow_private_addresses: true, resolver: { servers: dns.servers } };
  const settings = Object.entries(set).map(([name, value]) => `--set=${name}=${JSON.stringify(value)}`);
  return probeRun(["rcpt", ...settings, ...words], { cwd: folder, ...around, env: { SMTP_HELO_DOMAIN: "probe.example.net", ...LIMITS, ...around.env } });
}

const wrote = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return name;
};
const read = (name: string): string => readFileSync(join(folder, name), "utf8");

describe("the environment", () => {
  const env = { SMTP_HELO_DOMAIN: "probe.example.net", SMTP_MAIL_FROM: "checks@probe.example.net", SMTP_CONNECT_TIMEOUT: "2.5", SMTP_COMMAND_TIMEOUT: "4" };
  const given = { email: "ada@first.example", mx_host: "127.0.0.1", allow_private_addresses: true, catch_all: false };

  test("provides defaults of the input on the command line", async () => {
    const input = wrote("input.json", JSON.stringify({ ...given, mx_port: server.port, command_timeout_ms: 7000 }));
    const { out } = await probeRun(["mail.rcpt", input], { cwd: folder, env });
    expect(JSON.parse(out).output).toMatchObject({
      helo_domain: "probe.example.net",
      mail_from: "checks@probe.example.net",
      sites: [{ connect_timeout_ms: 2500, command_timeout_ms: 7000 }],
    });
  });

  test("is copied into jobs by the command that enqueues them", async () => {
    const stdin = `${JSON.stringify({ ...given, mx_port: server.port, helo_domain: "own.example.net" })}\n`;
    const url = `sqlite:${join(folder, "queue.db")}`;
    expect((await probeRun(["enqueue", "mail.rcpt", "-", "--queue", url], { cwd: folder, env, stdin })).out).toBe("1 accepted\n");
    const queue = await openQueue(url);
    open.push(queue);
    const [job] = await queue.jobs.claim({ max: 1, leaseMs: 1000, waitMs: 500, limits: { all: null, eachKey: null, keys: {} } });
    expect(JSON.parse(job?.body as string).data.input).toMatchObject({
      helo_domain: "own.example.net",
      mail_from: "checks@probe.example.net",
      connect_timeout_ms: 2500,
      command_timeout_ms: 4000,
    });
  });

  test("an invalid variable is reported, and nothing is sent", async () => {
    const input = wrote("input.json", JSON.stringify({ ...given, mx_port: server.port }));
    const { code, err } = await probeRun(["mail.rcpt", input], { cwd: folder, env: { SMTP_CONNECT_TIMEOUT: "soon" } });
    expect(code).toBe(2);
    expect(err).toContain("SMTP_CONNECT_TIMEOUT must be seconds above 0");
    expect(server.connections).toEqual([]);
  });
});

describe("one address", () => {
  test("as text: the lines of the earlier scripts, and the verdict", async () => {
    const { code, out } = await rcpt(["ada@first.example"]);
    expect(out.replace(/\d+ ms/, "N ms").split("\n")).toEqual([
      "Target : ada@first.example",
      "MX     : one.example",
      "HELO   : probe.example.net",
      "Result : accept, reply 250",
      "Message: 2.1.5 OK",
      "Elapsed: N ms",
      "Verdict: valid 0.95 (accepted_and_random_refused; mailbox_exists)",
      "",
    ]);
    expect(code).toBe(0);
  });

  test("that does not exist exits with 1", async () => {
    const { code, out } = await rcpt(["nobody@first.example"]);
    expect(out).toContain("Result : hard_fail, reply 550\nMessage: 5.1.1 User unknown\n");
    expect(out).toContain("Verdict: invalid 0.95 (mailbox_unknown; mailbox_unknown)");
    expect(code).toBe(1);
  });

  test("of a domain without mail is reported in place of a reply", async () => {
    const { code, out } = await rcpt(["ada@no-mail.example"]);
    expect(out).toMatch(/^MX {5}: -$/m);
    expect(out).toMatch(/^Result : hard_fail, no-mail\.example accepts no mail: it publishes a null MX/m);
    expect(code).toBe(1);
  });

  test("as JSON: the envelope", async () => {
    const { out } = await rcpt(["ada@first.example", "--json"]);
    const envelope = JSON.parse(out);
    expect(envelope.output.results[0]).toMatchObject({ email: "ada@first.example", verdict: "valid" });
    expect(envelope.queue).toEqual(envelope.output);
  });

  test("with a given mail host", async () => {
    expect((await rcpt(["ada@nowhere.example", "--mx-host", "one.example"])).out).toContain("MX     : one.example\n");
    expect(dns.questions.filter(({ type }) => type === "MX")).toEqual([]);
  });

  test("bypassing the DNS cache", async () => {
    const asked = () => dns.questions.filter(({ type }) => type === "MX").length;
    await rcpt(["ada@first.example"]);
    await rcpt(["ada@first.example"]);
    expect(asked()).toBe(1);
    await rcpt(["ada@first.example", "--force-resolve"]);
    expect(asked()).toBe(2);
  });

  test("with the environment's settings", async () => {
    const env = { SMTP_MAIL_FROM: "checks@probe.example.net", SMTP_CONNECT_TIMEOUT: "2.5", SMTP_COMMAND_TIMEOUT: "4" };
    const { output } = JSON.parse((await rcpt(["ada@first.example", "--json", "--no-catch-all"], { env })).out);
    expect(output).toMatchObject({ helo_domain: "probe.example.net", mail_from: "checks@probe.example.net" });
    expect(output.sites[0]).toMatchObject({ connect_timeout_ms: 2500, command_timeout_ms: 4000 });
    expect(server.connections[0]).toEqual(["EHLO probe.example.net", "MAIL FROM:<checks@probe.example.net>", "RCPT TO:<ada@first.example>", "RSET", "QUIT"]);
  });

  test.each([
    [{ SMTP_COMMAND_TIMEOUT: "soon" }, 2, "SMTP_COMMAND_TIMEOUT must be seconds"],
    [{ SMTP_PROBES_ENABLED: "false" }, 3, "switched off here (SMTP_PROBES_ENABLED)"],
    [{ SMTP_PROBES_ALLOWED_HOSTS: "verifier-1 verifier-2" }, 3, "(SMTP_PROBES_ALLOWED_HOSTS)"],
  ])("%o is rejected, and nothing is sent", async (env, code, words) => {
    const outcome = await rcpt(["ada@first.example"], { env });
    expect(outcome).toMatchObject({ code, out: "" });
    expect(outcome.err).toContain(words);
    expect(server.connections).toEqual([]);
  });

  test("a server's text does not affect the terminal", async () => {
    const nasty = await started({ answer: () => "550 5.1.1 User unknown \u001b[2Jgone" });
    const { out } = await rcpt(["ada@first.example", "--set", `mx_port=${nasty.port}`]);
    expect(out).not.toContain("\u001b");
  });
});

describe("a list", () => {
  const CSV = 'name,email\r\n"Lovelace, Ada",ada@first.example\r\nNobody,nobody@first.example\r\nBob,bob@cousin.example\r\n,\r\nWrong,not an address\r\n';

  test("as CSV: one row per address, with its line", async () => {
    const { code, out, err } = await rcpt([wrote("list.csv", CSV)]);
    const rows = out.trimEnd().split("\r\n");
    expect(rows[0]).toMatch(/^line,email,verdict,confidence,rule,category,reason,code,/);
    expect(
      rows
        .slice(1)
        .map((row) => row.split(",").slice(0, 3).join(","))
        .sort(),
    ).toEqual(["2,ada@first.example,valid", "3,nobody@first.example,invalid", "4,bob@cousin.example,valid", "6,not an address,invalid"]);
    expect(err).toMatch(/^4 addresses in [\d.]+ s: 2 valid, 0 risky, 2 invalid, 0 unknown\n$/);
    expect(code).toBe(0);
  });

  test("as JSONL, from stdin, with another field name", async () => {
    const stdin = '{"id": 1, "contact": "ada@first.example"}\n{"id": 2, "contact": "nobody@second.example"}\n';
    const { out } = await rcpt(["-", "--column", "contact", "--mx-host", "one.example"], { stdin });
    const rows = out
      .trimEnd()
      .split("\n")
      .map((row) => JSON.parse(row));
    expect(rows.map(({ line, verdict, reason }) => [line, verdict, reason]).sort()).toEqual([
      [1, "valid", "mailbox_exists"],
      [2, "invalid", "mailbox_unknown"],
    ]);
  });

  test("of one address per line", async () => {
    const { out } = await rcpt([wrote("list.txt", "ada@first.example\nbob@first.example\n")]);
    expect(out.match(/,valid,/g)).toHaveLength(2);
  });

  test("shows a progress line on a terminal", async () => {
    const { err } = await rcpt([wrote("list.csv", CSV), "--out", "rows.csv"], { tty: true });
    expect(err).toMatch(/\r.\[K1\/4 {2}[01] valid, 0 risky, [01] invalid, 0 unknown {2}[\d.]+\/s, .* left/);
  });

  test("has a row for an address that ran out of time", async () => {
    const slow = await started({ latencyMs: 300 });
    const { out } = await rcpt([wrote("list.txt", "ada@first.example\nbob@first.example\n"), "--timeout", "100", "--set", `mx_port=${slow.port}`]);
    expect(out.match(/,unknown,0,not_asked,unknown,run_ended,/g)).toHaveLength(2);
  });

  test("resumes after the existing rows", async () => {
    wrote("list.csv", CSV);
    expect((await rcpt(["list.csv", "--out", "rows.csv"])).code).toBe(0);
    const whole = read("rows.csv");
    const asked = server.connections.flat().length;
    const again = await rcpt(["list.csv", "--out", "rows.csv"]);
    expect(again.err).toContain("0 addresses in 0.0 s");
    expect(again.err).toContain("4 were there already");
    expect(read("rows.csv")).toBe(whole);
    expect(server.connections.flat().length).toBe(asked);

    // As if it had been killed in the middle of the last row.
    const rows = whole.trimEnd().split("\r\n");
    wrote("rows.csv", `${rows.slice(0, -1).join("\r\n")}\r\n${rows.at(-1)?.slice(0, 9)}`);
    expect((await rcpt(["list.csv", "--out", "rows.csv"])).err).toMatch(/^1 address .*3 were there already/);
    expect(
      read("rows.csv")
        .trimEnd()
        .split("\r\n")
        .map((row) => row.split(",")[0])
        .sort(),
    ).toEqual(["2", "3", "4", "6", "line"]);
  });

  test("does not write into the rows of another list", async () => {
    wrote("list.csv", CSV);
    wrote("rows.csv", "line,email,verdict\r\n2,somebody@else.example,valid\r\n");
    const { code, err } = await rcpt(["list.csv", "--out", "rows.csv"]);
    expect(code).toBe(2);
    expect(err).toContain("is not a CSV result file");
    expect(server.connections).toEqual([]);
  });

  test("stops at Ctrl-C without rows for unchecked addresses", async () => {
    const emails = Array.from({ length: 200 }, (_, index) => `ada@d${index}.example\n`).join("");
    const slow = await started({ latencyMs: 20 });
    const outcome = await rcpt([wrote("list.txt", emails), "--out", "rows.csv", "--mx-host", "127.0.0.1", "--set", `mx_port=${slow.port}`], {
      onStart: interruptOnce(() => slow.askedAt.length >= 5),
    });
    expect(outcome.code).toBe(1);
    expect(outcome.err).toContain("run the same command again to resume");
    expect(read("rows.csv")).not.toContain("run_ended");
    expect(read("rows.csv").split("\r\n").length).toBeLessThan(150);
  });

  test("respects the limits of the environment, in total and per site", async () => {
    const other = await started({ host: "127.0.0.2", port: server.port });
    const emails = ["first", "second"].flatMap((site) => Array.from({ length: 30 }, (_, index) => `ada${index}@${site}.example\n`)).join("");
    const env = { GLOBAL_RPS: "10000", PER_MX_RPS_DEFAULT: "10", PER_MX_MAX_CONCURRENCY_DEFAULT: "1" };
    await rcpt([wrote("list.txt", emails), "--no-catch-all"], { env });
    for (const { mostAtOnce, askedAt } of [server, other]) {
      expect(mostAtOnce).toBe(1);
      expect(askedAt).toHaveLength(30);
      expect(fewestMs(askedAt, 5)).toBeGreaterThan(400 - LATE_MS);
      expect(fewestMs(askedAt, 30)).toBeGreaterThan(2900 - LATE_MS);
    }
  });

  test("counts the random address, too", async () => {
    const env = { GLOBAL_RPS: "10000", PER_MX_RPS_DEFAULT: "10", PER_MX_MAX_CONCURRENCY_DEFAULT: "2" };
    const emails = Array.from({ length: 20 }, () => "ada@first.example\n").join("");
    const began = performance.now();
    await rcpt([wrote("list.txt", emails)], { env });
    const { askedAt } = server;
    expect(askedAt.length).toBeGreaterThanOrEqual(21);
    // From the start of the command: a first question that a busy machine delays makes the time between the questions shorter.
    expect(performance.now() - began).toBeGreaterThan((askedAt.length - 1) * 100);
  });

  test("shares its rate and connection limit with another command that runs at the same time", async () => {
    const env = { GLOBAL_RPS: "10000", PER_MX_RPS_DEFAULT: "20", PER_MX_MAX_CONCURRENCY_DEFAULT: "1" };
    const lists = ["one", "two"].map((name) => wrote(`${name}.txt`, Array.from({ length: 20 }, (_, index) => `${name}${index}@first.example\n`).join("")));
    await Promise.all(lists.map((list) => rcpt([list, "--no-catch-all"], { env })));
    const { askedAt, mostAtOnce } = server;
    expect(askedAt).toHaveLength(40);
    expect(mostAtOnce).toBe(1);
    expect(fewestMs(askedAt, 40)).toBeGreaterThan(1950 - LATE_MS);
    expect(fewestMs(askedAt, 5)).toBeGreaterThan(200 - LATE_MS);
  });

  test.each([
    ["has no addresses", "name\nAda\n", [], "no column of the list is known to hold addresses"],
    ["has no such column", "name,mail\nAda,ada@first.example\n", ["--column", "post"], 'the list has no column "post"'],
  ])("that %s is rejected", async (_what, text, words, message) => {
    const { code, err } = await rcpt([wrote("list.txt", text), ...words]);
    expect(code).toBe(2);
    expect(err).toContain(message);
  });

  test.each([
    [["ada@first.example", "--out", "rows.csv"], "--out is for a list"],
    [["list.csv", "--json"], "--json is for a single address"],
    [["list.csv", "--pretty"], "--pretty is for a single address"],
    [["ada@first.example", "--pretty", "--json"], "--json and --pretty cannot be combined"],
    [["ada@first.example", "--lab"], "--lab and an address cannot be combined"],
    [["--lab=takne"], "did you mean taken?"],
    [[], "missing argument: <address | list.csv | list.jsonl | ->"],
    [["list.csv", "--queue", "sqlite:q.db", "--out", "rows.csv"], "cannot be combined"],
  ])("%j is rejected", async (words, message) => {
    const { code, err } = await rcpt(words);
    expect(code).toBe(2);
    expect(err).toContain(message);
  });
});

test("--lab checks an address of a local server, and --pretty shows the operations", async () => {
  const { code, out } = await probeRun(["rcpt", "--lab"], { cwd: folder });
  expect({ code, out }).toEqual({ code: 0, out: expect.stringMatching(/^Target : ada@people\.example\n[\s\S]*Verdict: valid/) });
  const shown = await probeRun(["rcpt", "--lab=unknown", "--pretty"], { cwd: folder });
  expect({ code: shown.code, out: shown.out }).toEqual({ code: 1, out: expect.stringMatching(/nobody@people\.example[\s\S]*RCPT[\s\S]*550/) });
});

test("a list becomes jobs under the keys of their mail sites, and a worker processes them", async () => {
  const queue = `sqlite:${join(folder, "queue.db")}`;
  const emails = [...Array.from({ length: 12 }, (_, index) => `ada${index}@first.example`), "bob@cousin.example", "ada@no-mail.example"];
  const { code, out } = await rcpt([wrote("list.txt", emails.join("\n")), "--queue", queue]);
  expect({ code, out }).toEqual({ code: 0, out: "3 jobs for 14 addresses of 2 sites\n" });
  expect(server.connections).toEqual([]);

  const stored = await openQueue(queue);
  const jobs = await stored.jobs.claim({ max: 10, leaseMs: 1, waitMs: 0, limits: { all: null, eachKey: null, keys: {} } });
  expect(jobs.map(({ key }) => key).sort()).toEqual(["no-mail.example", `one.example:${server.port}`, `one.example:${server.port}`]);
  await stored.jobs.settle(jobs.map((leased) => ({ message: leased, outcome: { kind: "release" } })));
  await stored.close();

  await probeRun(["work", "--queue", queue, "--drain", "--limit", "key=1"], { cwd: folder });
  expect(server.mostAtOnce).toBe(1);
  expect(server.connections.flat().filter((line) => line.startsWith("RCPT TO:<ada"))).toHaveLength(12);
});

/** A timer may fire early, and the server may see a command late: and the bounds still tell a limit from none. */
const LATE_MS = 120;

/** The shortest time in which this number of addresses was checked consecutively. */
function fewestMs(askedAt: readonly number[], count: number): number {
  const spans = askedAt.slice(count - 1).map((at, index) => at - (askedAt[index] as number));
  return Math.min(...spans);
}
