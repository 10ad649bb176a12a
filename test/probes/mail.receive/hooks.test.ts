import { afterEach, expect, test } from "vitest";
import type { Ctx } from "../../../probes/mail.receive/evidence.js";
import { receiveMail } from "../../../probes/mail.receive/receive.js";
import { type Input, newest } from "../../../probes/mail.receive/schema.js";
import { grantOf } from "../../../runner/harness/capabilities.js";
import { RunContext } from "../../../runner/harness/context.js";
import { type ImapServer, type ImapServerOptions, LAB_ACCOUNT, startImapServer } from "../../../runner/lab/imap-server.js";
import { monotonic } from "../../../runner/run/clock.js";
import { testRun } from "../../support/smtp-context.js";
import { testMessage } from "./mailbox.js";

const open: ImapServer[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

async function server(options: ImapServerOptions = {}): Promise<ImapServer> {
  const started = await startImapServer(options);
  open.push(started);
  return started;
}

async function contextOf(): Promise<Ctx> {
  const { state } = testRun(20_000);
  return new RunContext(state, await grantOf(["tcp", "tls", "clock"])) as unknown as Ctx;
}

function inputFor({ host, port }: ImapServer, more: Partial<Input> = {}): Input {
  const input = { host, port, ...LAB_ACCOUNT, tls_mode: "none", auth: { allow_plaintext: true }, token: "1ab0c4", poll_interval_ms: 5000, ...more };
  expect(newest.input.validator(input)).toBe(true);
  return input as unknown as Input;
}

const MESSAGE = Buffer.from(testMessage({ subject: "x 1ab0c4" }));

test("a sender that starts when it listens gets the arrival time", async () => {
  const lab = await server();
  let sentAt = 0;
  const found: number[] = [];
  const send = (): void => {
    setTimeout(() => {
      sentAt = monotonic();
      lab.store.inbox.add(MESSAGE);
    }, 50);
  };
  const evidence = await receiveMail(await contextOf(), inputFor(lab), { listening: send, found: (at) => found.push(at) });
  expect(evidence).toMatchObject({ status: "ok", found_by: "idle", matched: 1 });
  expect(found).toHaveLength(1);
  expect((found[0] as number) - sentAt).toBeGreaterThanOrEqual(0);
  expect((found[0] as number) - sentAt).toBeLessThan(500);
});

test("it waits as long as the sender says, and the time may be changed", async () => {
  const lab = await server();
  let until = Number.POSITIVE_INFINITY;
  setTimeout(() => {
    until = monotonic() + 200;
  }, 300);
  const began = monotonic();
  const evidence = await receiveMail(await contextOf(), inputFor(lab, { wait_ms: 0, poll_interval_ms: 50 }), { giveUpAt: () => until });
  expect(evidence).toMatchObject({ failure: null, error_type: "no_recent_message" });
  expect(monotonic() - began).toBeGreaterThan(490);
  expect(monotonic() - began).toBeLessThan(2000);
});

test.each([
  ["while it listens", {}],
  ["while it waits to ask again", { capabilities: ["UIDPLUS"] }],
])("it ends at once if the sender stops it %s", async (_when, options) => {
  const lab = await server(options);
  const stop = new AbortController();
  const began = monotonic();
  const evidence = await receiveMail(await contextOf(), inputFor(lab, { wait_ms: 10_000 }), {
    listening: () => void setTimeout(() => stop.abort(), 100),
    stop: stop.signal,
  });
  expect(monotonic() - began).toBeLessThan(1500);
  expect(evidence).toMatchObject({ failure: null, matched: 0, reconnects: [] });
  await expect.poll(() => lab.openSockets, { interval: 5 }).toBe(0);
});

test("it ends at once if it is stopped while the server is unreachable", async () => {
  const lab = await server({ behave: ({ name }) => (name === "IDLE" ? { closeAfterMs: 20 } : undefined) });
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 400);
  const evidence = await receiveMail(await contextOf(), inputFor(lab, { wait_ms: 10_000 }), { stop: stop.signal });
  expect(evidence.failure).toBeNull();
  expect(evidence.reconnects.length).toBeGreaterThan(0);
  await expect.poll(() => lab.openSockets, { interval: 5 }).toBe(0);
});

test.each([
  ["in every IDLE", "IDLE"],
  ["after every login", "EXAMINE"],
])(
  "a connection that is lost %s is made again ever more slowly, and not after the wait is over",
  async (_when, command) => {
    const lab = await server({ behave: ({ name }) => (name === command ? { closeAfterMs: 0 } : undefined) });
    const began = monotonic();
    // Between the fourth attempt and the fifth, which would be due after 7.75 s: a busy machine needs time for each.
    const evidence = await receiveMail(await contextOf(), inputFor(lab, { wait_ms: 5500 }));
    expect(monotonic() - began).toBeLessThan(7500);
    expect(evidence).toMatchObject({ status: "error", error_type: "transient_failure", failure: { retryable: true } });
    // After 0.25, 0.5, 1 and 2 seconds, and once more at the end.
    expect(lab.connections).toBeLessThanOrEqual(6);
    expect(lab.connections).toBeGreaterThanOrEqual(4);
  },
  15_000,
);

test("it does not begin if it was stopped before", async () => {
  const lab = await server();
  const evidence = await receiveMail(await contextOf(), inputFor(lab, { wait_ms: 10_000 }), { stop: AbortSignal.abort() });
  expect(evidence).toMatchObject({ failure: null, matched: 0 });
  expect(lab.connections).toBe(0);
});
