import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { startSmtpServer } from "../../../runner/lab/smtp-server.js";
import { listen } from "../../../runner/net/transport/listen.js";
import { consume } from "../../../runner/queue/consume.js";
import { createWorker } from "../../../runner/queue/create-worker.js";
import { openQueue } from "../../../runner/queue/queue.js";
import type { JobMemory } from "../../../runner/run/run-state.js";
import { playConnections } from "../../support/play-connections.js";
import { SEND_INPUT, type SendInput, type SendOutput, send } from "./send.js";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

/** What a queue's worker gives a job, kept from run to run. */
class Job implements JobMemory {
  state: string | null = null;
  laterMs: number | null = null;
  readonly isRetried = false;

  constructor(readonly maxWaitMs: number) {}

  async save(text: string): Promise<boolean> {
    this.state = text;
    return true;
  }

  retryAfter(): void {}

  continueLater(afterMs: number): void {
    this.laterMs = afterMs;
  }
}

const GREETING = "S: 220 mx\nC: EHLO *\nS: 250 mx\nC: MAIL *\nS: 250 ok\n";
/** For a run whose input holds a secret. */
const LOGIN = { username: "monitor", auth: { allow_plaintext: true } } as const;
const loggingIn = (transcript: string): string => transcript.replace("S: 250 mx\n", "S: 250-mx\nS: 250 AUTH XOAUTH2\nC: AUTH XOAUTH2 *\nS: 235 ok\n");
const answerTo = (line: string): string => (line.startsWith("EHLO") ? "250-mx\r\n250 AUTH XOAUTH2\r\n" : line.startsWith("AUTH") ? "235 ok\r\n" : "250 ok\r\n");

const BYE = "C: QUIT\nS: 221 bye\n";
const SENT_AWAY = `${GREETING}C: RCPT *\nS: 450 4.2.0 Greylisted\nC: RSET\nS: 250 ok\n${BYE}`;
const TAKEN = `${GREETING}C: RCPT *\nS: 250 ok\nC: DATA\nS: 354 go\n@message\nS: 250 2.0.0 taken\n${BYE}`;

async function play(...transcripts: string[]) {
  const server = await playConnections(transcripts, "whole");
  open.push(server);
  return server;
}

test("a delay that is too long to sleep ends the run, and a later run continues the same message", async () => {
  const server = await play(SENT_AWAY, TAKEN);
  const job = new Job(100);
  const input: SendInput = { retry_delay: 2 };
  const first = await send(server.port, input, { memory: job });
  expect(first).toMatchObject({ status: "error", error_type: "temporary_failure", delivery: "refused", attempt_count: 1, goes_on_at: expect.any(String) });
  expect(job.laterMs).toBeGreaterThan(1000);
  job.laterMs = null;

  const early = await send(server.port, input, { memory: job });
  expect(early).toMatchObject({ attempt_count: 1, goes_on_at: first.goes_on_at, token: first.token });
  expect(job.laterMs).toBeGreaterThan(0);
  expect(server.connections).toBe(1);

  await new Promise((resolve) => setTimeout(resolve, (job.laterMs as unknown as number) + 5));
  const second = await send(server.port, input, { memory: job });
  expect(second).toMatchObject({ status: "ok", delivery: "accepted", attempt_count: 2, goes_on_at: null, greylisted: true });
  for (const field of ["token", "subject", "message_id"] as const) expect(second[field]).toBe(first[field]);
  expect(second.attempts.map(({ number, error_type }) => [number, error_type])).toEqual([
    [1, "temporary_failure"],
    [2, null],
  ]);
  expect(second.attempts[1]?.waited_ms).toBeGreaterThan(1900);
  expect(second.attempts[0]?.operations.map(({ name }) => name)).toContain("RCPT");
  expect(second.recipients).toEqual([
    { address: "inbox@example.org", outcome: "accepted", attempt: 2, phase: "data", code: 250, enhanced_code: "2.0.0", message: "taken" },
  ]);
  expect(server.mismatches).toEqual([]);
});

test("all attempts send the same bytes, and only to open recipients", async () => {
  const seen: string[] = [];
  const server = await listen((socket) => {
    const connection = seen.push("") - 1;
    socket.on("error", () => undefined);
    socket.write("220 mx\r\n");
    let isData = false;
    socket.on("data", (bytes: Buffer) => {
      seen[connection] += bytes.toString("latin1");
      if (isData) isData = !/\r\n\.\r\n$/.test(seen[connection] as string);
      else isData = /DATA\r\n$/.test(bytes.toString("latin1"));
      if (isData && !/DATA\r\n$/.test(bytes.toString("latin1"))) return;
      const isLater = connection === 0 && /RCPT TO:<second/.test(bytes.toString("latin1"));
      socket.write(isData ? "354 go\r\n" : isLater ? "451 later\r\n" : answerTo(bytes.toString("latin1")));
    });
  });
  open.push(server);
  const job = new Job(0);
  const attachments = [{ name: "a", base64: "AAEC" }];
  // The secret is a word of every address and of the Message-ID: what is kept is masked, and goes out unmasked all the same.
  const input: SendInput = { recipients: ["second@example.org"], html: "<p>x</p>", attachments, retry_delay: 0.05, ...LOGIN, access_token: "example" };
  const first = await send(server.port, input, { memory: job });
  expect(first).toMatchObject({ delivery: "partial", recipients: [{ outcome: "accepted" }, { outcome: "deferred" }] });
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(await send(server.port, input, { memory: job })).toMatchObject({ status: "ok", delivery: "accepted", attempt_count: 2 });
  const [before, after] = seen.map((bytes) => bytes.slice(bytes.indexOf("DATA\r\n"), bytes.indexOf("\r\n.\r\n"))) as [string, string];
  expect(before.length).toBeGreaterThan(300);
  expect(after).toBe(before);
  expect(seen[1]).not.toContain("RCPT TO:<inbox@");
});

test("a run that was killed while it was sending does not send again", async () => {
  const server = await play(`${GREETING}C: RCPT *\nS: 250 ok\nC: DATA\nS: 354 go\n@message\n@silence\n`);
  const job = new Job(100);
  let isUnderway: string | null = null;
  const keep = job.save.bind(job);
  job.save = async (text) => {
    isUnderway ??= text;
    return keep(text);
  };
  await send(server.port, { timeout: 0.2 }, { memory: job });
  // As if the process had ended there: nothing was kept after it.
  job.state = isUnderway;
  const output = await send(server.port, {}, { memory: job });
  expect(output).toMatchObject({
    status: "error",
    delivery: "unknown",
    failure: { phase: "data", code: "cancelled", retryable: false },
    recipients: [{ outcome: "unknown" }],
  });
  expect(server.connections).toBe(1);
});

test("the message keeps its date when it is sent later", async () => {
  let seen = "";
  const server = await startSmtpServer({
    onMessage: ({ raw }) => {
      seen = raw.toString("latin1");
      return undefined;
    },
  });
  open.push(server);
  const job = new Job(0);
  const seal = { token: "1ab0c4", unique: "u", date: "2026-01-02T03:04:05.678Z" };
  job.state = JSON.stringify({ version: 1, seal, recipients: [], attempts: [], next_at: null, underway: [] });
  const output = await send(server.port, {}, { memory: job });
  expect(output).toMatchObject({ status: "ok", token: "1ab0c4", subject: expect.stringMatching(/ 2026-01-02T03:04:05Z 1ab0c4$/) });
  expect(seen).toContain("\r\nDate: Fri, 02 Jan 2026 03:04:05 +0000\r\n");
});

test("the state of an incompatible release is ignored", async () => {
  const server = await play(TAKEN);
  const job = new Job(0);
  job.state = JSON.stringify({ version: 2, seal: { token: "1ab0c4", unique: "u", date: "2026-01-02T03:04:05.678Z" }, recipients: [{ outcome: "accepted" }] });
  const output = await send(server.port, {}, { memory: job });
  expect(output).toMatchObject({ status: "ok", delivery: "accepted", attempt_count: 1 });
  expect(output.token).not.toBe("1ab0c4");
});

test.each(["deferred", "rcpt", "outcome", "recipients"])("a password that is %j does not damage the stored state", async (password) => {
  const server = await play(loggingIn(SENT_AWAY), loggingIn(TAKEN));
  const job = new Job(0);
  const input: SendInput = { ...LOGIN, access_token: password, retry_delay: 0.5 };
  const first = await send(server.port, input, { memory: job });
  expect(first).toMatchObject({ delivery: "refused", goes_on_at: expect.any(String) });
  await new Promise((resolve) => setTimeout(resolve, 550));
  const second = await send(server.port, input, { memory: job });
  expect(second).toMatchObject({ status: "ok", delivery: "accepted", attempts: [{ failure: { phase: "rcpt" } }, { failure: null }] });
});

test("the greylisting of one recipient does not affect another that was accepted at once", async () => {
  const server = await play(
    `${GREETING}C: RCPT *inbox*\nS: 250 ok\nC: RCPT *second*\nS: 450 4.2.0 Greylisted\nC: DATA\nS: 354 go\n@message\nS: 250 2.0.0 taken\n${BYE}`,
    `${GREETING}C: RCPT *second*\nS: 250 ok\nC: DATA\nS: 354 go\n@message\nS: 250 2.0.0 taken\n${BYE}`,
  );
  const output = await send(server.port, { recipients: ["second@example.org"], retry_delay: 0.2 });
  expect(output).toMatchObject({ status: "ok", delivery: "accepted", attempt_count: 2, greylisted: true, recipients: [{ attempt: 1 }, { attempt: 2 }] });
  expect(output.greylist_delay_ms).toBeGreaterThan(190);
});

test("a permanently refused recipient does not stop the second attempt for others", async () => {
  const server = await play(
    `${GREETING}C: RCPT *inbox*\nS: 550 5.1.1 unknown\nC: RCPT *second*\nS: 450 4.2.0 Greylisted\nC: RSET\nS: 250 ok\n${BYE}`,
    `${GREETING}C: RCPT *second*\nS: 250 ok\nC: DATA\nS: 354 go\n@message\nS: 250 2.0.0 taken\n${BYE}`,
  );
  const output = await send(server.port, { recipients: ["second@example.org"], retry_delay: 0 });
  expect(output).toMatchObject({
    status: "error",
    delivery: "partial",
    error_type: "recipient_refused",
    attempts: [{ error_type: "temporary_failure" }, { error_type: null, recipients: [1] }],
    recipients: [
      { outcome: "refused", attempt: 1, code: 550 },
      { outcome: "accepted", attempt: 2 },
    ],
  });
  expect(server.mismatches).toEqual([]);
});

test("a run that was killed during QUIT has sent its message", async () => {
  const server = await play(`${TAKEN.slice(0, -BYE.length)}C: QUIT\n@silence\n`);
  const job = new Job(100);
  const kept: string[] = [];
  job.save = async (text) => kept.push(text) > 0;
  await send(server.port, { timeout: 0.3 }, { memory: job });
  expect(kept).toHaveLength(3);
  job.state = kept[1] as string;
  const output = await send(server.port, {}, { memory: job });
  expect(output).toMatchObject({ status: "ok", delivery: "accepted", failure: null, attempt_count: 1, recipients: [{ outcome: "accepted", code: 250 }] });
  expect(server.connections).toBe(1);
  expect(server.mismatches).toEqual([]);
});

test("a recipient that was not part of the interrupted transaction gets the message, and the others stay unknown", async () => {
  const first = "C: RCPT *inbox*\nS: 250 ok\nC: RCPT *second*\nS: 450 4.2.0 Greylisted\nC: DATA\nS: 354 go\n@message\n@silence\n";
  const server = await play(`${GREETING}${first}`, `${GREETING}C: RCPT *second*\nS: 250 ok\nC: DATA\nS: 354 go\n@message\nS: 250 2.0.0 taken\n${BYE}`);
  const job = new Job(100);
  let underway: string | null = null;
  job.save = async (text) => {
    underway ??= text;
    return true;
  };
  const input: SendInput = { recipients: ["second@example.org"], timeout: 0.5 };
  await send(server.port, input, { memory: job });
  job.state = underway;
  const output = await send(server.port, input, { memory: job });
  expect(output).toMatchObject({
    status: "error",
    delivery: "unknown",
    failure: { phase: "data", code: "cancelled", retryable: false },
    attempt_count: 2,
    recipients: [
      { outcome: "unknown", attempt: 1 },
      { outcome: "accepted", attempt: 2 },
    ],
  });
  expect(server.mismatches).toEqual([]);
});

test("a job that another worker has taken over sends nothing", async () => {
  const server = await play(`${GREETING}C: RCPT *\nS: 250 ok\nC: DATA\nS: 354 go\n@expect-close`);
  const job = new Job(100);
  job.save = async () => false;
  expect(await send(server.port, {}, { memory: job })).toMatchObject({ status: "error", delivery: "not_sent", failure: { phase: "probe", code: "cancelled" } });
  expect(server.mismatches).toEqual([]);
});

test("it ends while it waits if the deadline expires or it is cancelled", async () => {
  const server = await play(SENT_AWAY);
  const began = performance.now();
  expect(await send(server.port, { retry_delay: 60 }, { timeoutMs: 200 })).toMatchObject({
    error_type: "timeout",
    attempt_count: 1,
    failure: { phase: "probe", code: "timeout" },
  });
  expect(await send(server.port, { retry_delay: 60 }, { signal: AbortSignal.timeout(200) })).toMatchObject({
    attempt_count: 1,
    failure: { code: "cancelled" },
  });
  expect(performance.now() - began).toBeLessThan(2000);
});

test("a worker returns it to the queue, and continues later", async () => {
  const server = await startSmtpServer({ greylistMs: 5500 });
  open.push(server);
  const folder = await mkdtemp(join(tmpdir(), "probe-run-mail-send-"));
  const queue = await openQueue(`sqlite:${join(folder, "queue.db")}`);
  try {
    await queue.enqueue("mail.send@1.0.0", { ...SEND_INPUT, port: server.port, retry_delay: 5.6 });
    await (await createWorker(queue, { drain: true })).run();
    const results: SendOutput[] = [];
    for await (const { body, ack } of consume(queue, { drain: true })) {
      results.push((JSON.parse(body) as { data: SendOutput }).data);
      await ack();
    }
    expect(results.map(({ delivery, attempt_count: count }) => [delivery, count])).toEqual([
      ["refused", 1],
      ["accepted", 2],
    ]);
    expect(results[1]?.message_id).toBe(results[0]?.message_id);
    expect(server.messages).toHaveLength(1);
    expect(server.messages[0]?.raw.toString()).toContain(`Message-ID: ${results[0]?.message_id}`);
  } finally {
    await queue.close();
    await rm(folder, { recursive: true });
  }
}, 30_000);
