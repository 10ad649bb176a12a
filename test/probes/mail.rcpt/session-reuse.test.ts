import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Limits, NO_LIMITS } from "../../../runner/limits/limits.js";
import type { Channel } from "../../../runner/queue/backend.js";
import { consume } from "../../../runner/queue/consume.js";
import { createWorker } from "../../../runner/queue/create-worker.js";
import { openQueue, type Queue } from "../../../runner/queue/queue.js";
import { knowsThree, type MailboxServer, type MailboxServerOptions, startMailboxServer } from "../../support/mailbox-server.js";
import { type Postfix, startPostfix } from "../../support/postfix.js";
import { type RcptOutput, rcptInput } from "../../support/rcpt-behaviours.js";
import { realServer } from "../../support/real-servers.js";

let folder: string;
let queue: Queue;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "probe-run-session-reuse-"));
  queue = await openQueue(`sqlite:${join(folder, "queue.db")}`);
});
afterEach(async () => {
  await queue.close();
  await rm(folder, { recursive: true });
});

const ONE_AT_A_TIME: Limits = { ...NO_LIMITS, eachKey: { atOnce: 1, rate: null } };

async function enqueue(port: number, emails: readonly string[], input: object = {}): Promise<void> {
  for (const email of emails) await queue.enqueue("mail.rcpt", { ...rcptInput(port), email, catch_all: false, ...input }, { key: "site" });
}

async function workOff(limits = ONE_AT_A_TIME): Promise<RcptOutput[]> {
  await (await createWorker(queue, { drain: true, concurrency: 8, limits })).run();
  const outputs: RcptOutput[] = [];
  for await (const { event, ack } of consume(queue, { drain: true })) {
    outputs.push(event.data as unknown as RcptOutput);
    await ack();
  }
  return outputs;
}

describe("jobs of one site", () => {
  const open: MailboxServer[] = [];
  afterEach(async () => {
    for (const server of open.splice(0)) await server.close();
  });
  async function server(options: Partial<MailboxServerOptions> = {}): Promise<MailboxServer> {
    const started = await startMailboxServer({ answer: knowsThree, ...options });
    open.push(started);
    return started;
  }

  test("that follow each other use one session, which ends with QUIT", async () => {
    const { port, connections } = await server();
    await enqueue(port, ["ada@example.org", "nobody@example.org", "bob@example.org"]);
    const outputs = await workOff();
    expect(outputs.map(({ results: [result] }) => [result?.email, result?.reason, result?.ip_address])).toEqual([
      ["ada@example.org", "mailbox_exists", "127.0.0.1"],
      ["nobody@example.org", "mailbox_unknown", "127.0.0.1"],
      ["bob@example.org", "mailbox_exists", "127.0.0.1"],
    ]);
    expect(connections.map((lines) => lines.map((line) => line.slice(0, 4)).join(" "))).toEqual(["EHLO MAIL RCPT RSET MAIL RCPT RSET MAIL RCPT RSET QUIT"]);
  });

  test("report the attempt that opened their session", async () => {
    const { port } = await server();
    await enqueue(port, ["ada@example.org", "bob@example.org"]);
    const [first, second] = (await workOff()) as [RcptOutput, RcptOutput];
    expect(first.operations.map(({ name }) => name)).toEqual(["connect", "greeting", "EHLO", "MAIL", "RCPT", "RSET"]);
    expect(second.operations.map(({ name }) => name)).toEqual(["MAIL", "RCPT", "RSET"]);
    expect(second).toMatchObject({ ip_address: "127.0.0.1", connected_time: expect.any(String), helo_domain: "probe.example.net" });
    expect(Math.abs(Date.parse(second.connected_time as string) - Date.parse(first.connected_time as string))).toBeLessThan(2);
    expect(second.attempts).toMatchObject([{ mx_host: "127.0.0.1", port, outcome: "connected", tls: "none", ended_at: null, answered: 1 }]);
    expect(second.attempts[0]?.at_ms).toBeLessThan(0);
  });

  test("do not share a session with another EHLO name, TLS setting or port", async () => {
    const { port, connections } = await server();
    await enqueue(port, ["ada@example.org"]);
    await enqueue(port, ["bob@example.org"], { helo_domain: "other.example.net" });
    await workOff();
    expect(connections.map(([ehlo]) => ehlo)).toEqual(["EHLO probe.example.net", "EHLO other.example.net"]);
  });

  test("use a session for at most addresses_per_connection addresses", async () => {
    const { port, connections } = await server();
    await enqueue(port, ["ada@example.org", "bob@example.org", "cem@example.org"], { addresses_per_connection: 2 });
    await workOff();
    expect(connections.map((lines) => lines.filter((line) => line.startsWith("RCPT")).length)).toEqual([2, 1]);
    expect(connections.every((lines) => lines.at(-1) === "QUIT")).toBe(true);
  });

  test("get their results if the server hangs up in between", async () => {
    const { port, connections } = await server({ closesAfterRefusal: true });
    await enqueue(port, ["zed@example.org", "ada@example.org", "bob@example.org"]);
    const outputs = await workOff();
    expect(outputs.map(({ results: [result] }) => result?.reason)).toEqual(["mailbox_unknown", "mailbox_exists", "mailbox_exists"]);
    expect(connections).toHaveLength(2);
  });

  test("get their results if the server accepts one transaction per connection", async () => {
    const { port, connections } = await server({ transactionsPerConnection: 1 });
    await enqueue(port, ["zed@example.org", "ada@example.org"]);
    const outputs = await workOff();
    expect(outputs.map(({ results: [result] }) => result?.reason)).toEqual(["mailbox_unknown", "mailbox_exists"]);
    expect(connections).toHaveLength(2);
  });

  test("do not reuse a session in which the server refused us", async () => {
    const { port, connections } = await server({ answer: () => "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using dnsbl.example.net" });
    await enqueue(port, ["ada@example.org", "bob@example.org"]);
    await workOff();
    expect(connections).toHaveLength(2);
    expect(connections.every((lines) => lines.at(-1) === "QUIT")).toBe(true);
  });
});

realServer("jobs of one site, asked of postfix", ["postfix", "dovecot"], () => {
  let postfix: Postfix;
  beforeAll(async () => {
    postfix = await startPostfix({
      files: { mailboxes: "ada@example.org inbox/\n" },
      settings: (etc) => ({ virtual_mailbox_maps: `texthash:${etc}/mailboxes`, smtpd_error_sleep_time: "0" }),
    });
  }, 30_000);
  afterAll(() => postfix?.stop());

  test.each([
    ["in the clear", "plain", "opportunistic"],
    ["over STARTTLS", "starttls", "starttls"],
  ] as const)("thirty jobs are one session %s", async (_how, port, mode) => {
    const before = sessions(postfix).length;
    const emails = Array.from({ length: 30 }, (_, index) => (index % 3 === 0 ? `nobody${index}@example.org` : "ada@example.org"));
    await enqueue(postfix[port], emails, { tls: { mode } });
    const outputs = await workOff();
    expect(outputs.filter(({ results: [result] }) => result?.reason === "mailbox_exists")).toHaveLength(20);
    expect(outputs.filter(({ results: [result] }) => result?.reason === "mailbox_unknown")).toHaveLength(10);
    await expect.poll(() => sessions(postfix).length).toBe(before + 1);
    expect(sessions(postfix).at(-1)).toMatch(/mail=30 rcpt=20\/30 .*quit=1 /);
    expect(await (queue.jobs as Channel).counts()).toMatchObject({ done: 30, dead: 0 });
  });
});

/** What postfix says of each session when it is over. */
function sessions(postfix: Postfix): string[] {
  return postfix
    .log()
    .split("\n")
    .filter((line) => /disconnect from .* mail=/.test(line));
}
