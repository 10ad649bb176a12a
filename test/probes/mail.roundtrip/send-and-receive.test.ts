import { afterEach, describe, expect, test } from "vitest";
import type { ImapCommand } from "../../../runner/lab/imap-server.js";
import type { MailSystem, MailSystemOptions } from "../../../runner/lab/mail-system.js";
import type { ReceivedMessage } from "../../../runner/lab/smtp-server.js";
import { type Ends, labSystem, reasons, roundtrip, steps } from "./roundtrip.js";

const open: MailSystem[] = [];
afterEach(async () => {
  for (const system of open.splice(0)) await system.close();
});

async function start(options: MailSystemOptions = {}): Promise<{ system: MailSystem; ends: Ends }> {
  const started = await labSystem(options);
  open.push(started.system);
  return started;
}

const OTHERS = Buffer.from("Subject: [roundtrip] 2026-11-20T08:00:00Z abc123\r\nMessage-ID: <another@example.org>\r\n\r\nnot ours\r\n");

describe("a message that comes back", () => {
  test("is reported from connect to arrival, with greylisting", async () => {
    const { system, ends } = await start({ smtp: { greylistMs: 150 }, delivery: { delayMs: 120 } });
    const output = await roundtrip(ends);
    expect(output).toMatchObject({
      status: "ok",
      failure: null,
      failed_part: null,
      error_type: null,
      ip_address: "127.0.0.1",
      delivery: "accepted",
      arrival: "arrived",
      authentication: { spf: "pass", dkim: "pass", dmarc: "pass" },
      folder: "INBOX",
      is_spam_folder: false,
      duplicates: 0,
      clean_up: { outcome: "not_asked", deleted_uids: [] },
      send: { attempt_count: 2, greylisted: true, recipients: [{ outcome: "accepted", code: 250 }] },
      receive: { found_by: "idle", reconnects: [] },
      findings: [],
    });
    expect(output.send.attempts.map(({ number, error_type: kind, reply_code: code }) => [number, kind, code])).toEqual([
      [1, "temporary_failure", 451],
      [2, null, 250],
    ]);
    expect(output.subject).toBe(`[roundtrip] ${/ (\S+Z) /.exec(output.subject)?.[1]} ${output.token}`);
    const arrived = system.store.inbox.messages[0];
    expect(arrived?.values("subject")).toEqual([output.subject]);
    expect(arrived?.values("message-id")).toEqual([output.message_id]);
  });

  test("has times that go together", async () => {
    const { ends } = await start({ smtp: { greylistMs: 150 }, delivery: { delayMs: 120 } });
    const { submission_ms: submission, greylist_delay_ms: greylisted, transit_ms: transit, total_ms: total, ...output } = await roundtrip(ends);
    for (const time of [submission, greylisted, transit, total]) expect(time).toBeGreaterThan(0);
    expect(greylisted).toBeGreaterThanOrEqual(150);
    expect(transit).toBeGreaterThanOrEqual(110);
    // The accepted attempt ends with QUIT, which on a busy machine may come after the message: what lies before the acceptance is the wait alone.
    expect(total).toBeGreaterThan(150 + (transit as number));
    const took = Date.parse(output.seen_at as string) - Date.parse(output.accepted_at as string);
    expect(Math.abs(took - (transit as number))).toBeLessThan(3);
    expect(Math.abs(Date.parse(output.internal_date as string) - Date.parse(output.seen_at as string))).toBeLessThan(20_000);
  });

  test("is one list of operations, each with its part", async () => {
    const { ends } = await start({ smtp: { greylistMs: 150 }, delivery: { delayMs: 400 } });
    const output = await roundtrip(ends, { clean_up: true });
    const sending = ["connect", "greeting 220", "EHLO 250", "AUTH SCRAM-SHA-256 334", "AUTH SCRAM-SHA-256 334", "AUTH SCRAM-SHA-256 235"];
    const mailbox = ["connect", "greeting", "AUTHENTICATE SCRAM-SHA-256", "LIST", "EXAMINE", "EXAMINE", "IDLE"];
    const taken = ["UID SEARCH", "STATUS", "IDLE"];
    const there = ["UID SEARCH", "UID FETCH", "STATUS", "SELECT", "UID STORE", "UID EXPUNGE", "LOGOUT"];
    expect(steps(output)).toEqual([
      ...mailbox.map((name) => `imap ${name}`),
      ...[...sending, "MAIL 250", "RCPT 451", "DATA 554", "RSET 250", "QUIT 221"].map((name) => `send ${name}`),
      ...[...sending, "MAIL 250", "RCPT 250", "DATA 354", "message 250", "QUIT 221"].map((name) => `send ${name}`),
      ...[...taken, ...there].map((name) => `imap ${name}`),
    ]);
    const began = output.operations.map(({ at_ms: at }) => at);
    expect(began).toEqual([...began].sort((a, b) => a - b));
    expect(output.operations.filter(({ duration_ms: duration }) => duration === null)).toEqual([]);
  });

  test("shows what each hop has of the way", async () => {
    const { system, ends } = await start({ delivery: { copies: 0 } });
    system.store.onChange(() => {});
    const hop = (by: string, second: number): string => `Received: from x by ${by}; Fri, 20 Nov 2026 06:00:${second} +0000\r\n`;
    const arriving = { ...ends, send: ends.send };
    const post = afterSending(system, (message) => Buffer.concat([Buffer.from(hop("c", 50) + hop("b", 40) + hop("a", 10)), message.raw]));
    const output = await roundtrip(arriving);
    post.stop();
    expect(output.hops.map(({ by, delay_to_next_seconds: delay, share_percent: share }) => [by, delay, share])).toEqual([
      ["a", 30, 75],
      ["b", 10, 25],
      ["c", null, null],
    ]);
  });

  test("is awaited in one run, even if a job could continue later", async () => {
    const { ends } = await start({ smtp: { greylistMs: 100 } });
    const untouched = (): never => {
      throw new Error("a run that listens cannot go on later");
    };
    const memory = { state: null, maxWaitMs: 0, isRetried: true, save: async () => true, retryAfter: untouched, continueLater: untouched };
    expect(await roundtrip(ends, {}, { memory })).toMatchObject({ status: "ok", arrival: "arrived", send: { attempt_count: 2 } });
  });

  test("is not sent again by the next run of a job whose worker was killed, but awaited", async () => {
    const { system, ends } = await start();
    const texts: string[] = [];
    const job = { maxWaitMs: 0, isRetried: false, retryAfter: () => undefined, continueLater: () => undefined };
    const keep = async (text: string) => texts.push(text) > 0;
    const first = await roundtrip(ends, {}, { memory: { ...job, state: null, save: keep } });
    const died = texts.find((text) => JSON.parse(text).underway.length > 0) as string;
    const next = await roundtrip(ends, { clean_up: true }, { memory: { ...job, state: died, save: keep } });
    expect(next).toMatchObject({
      token: first.token,
      message_id: first.message_id,
      delivery: "unknown",
      arrival: "arrived",
      submission_ms: null,
      total_ms: null,
    });
    expect(next).toMatchObject({ status: "warning", failure: null, clean_up: { outcome: "deleted" }, send: { attempt_count: 1 } });
    expect(steps(next).filter((step) => step.startsWith("send "))).toEqual([]);
    expect(system.store.inbox.messages).toEqual([]);
  });

  test("has time enough, however patient the schedule", async () => {
    const { ends } = await start();
    const send = { retries: 1000, retry_delay: 86_400, retry_schedule: "fixed" };
    expect(await roundtrip(ends, { send, wait_ms: 86_400_000 })).toMatchObject({ status: "ok", arrival: "arrived" });
  });

  test("is not mistaken for another", async () => {
    const { system, ends } = await start({ delivery: { delayMs: 150 } });
    system.store.inbox.add(OTHERS);
    const late = setTimeout(() => system.store.inbox.add(OTHERS), 50);
    const output = await roundtrip(ends, { clean_up: true });
    clearTimeout(late);
    expect(output).toMatchObject({ status: "ok", uid: 3, clean_up: { outcome: "deleted", deleted_uids: [3] } });
    expect(system.store.inbox.messages.map(({ uid }) => uid)).toEqual([1, 2]);
  });
});

/** Brings what was sent into the mailbox by another way than the system's own. */
function afterSending({ smtp, store }: MailSystem, made: (message: ReceivedMessage) => Buffer): { stop(): void } {
  const timer = setInterval(() => {
    const [message] = smtp.messages;
    if (message === undefined) return;
    clearInterval(timer);
    store.inbox.add(made(message));
  }, 5);
  return { stop: () => clearInterval(timer) };
}

describe("a message that comes otherwise than it should", () => {
  test("twice: both are found, reported and deleted", async () => {
    const { system, ends } = await start({ delivery: { copies: 2, copyAfterMs: 80 } });
    const output = await roundtrip(ends, { duplicate_wait_ms: 1500, clean_up: true });
    expect(output).toMatchObject({ status: "warning", duplicates: 1, uid: 1, clean_up: { outcome: "deleted", deleted_uids: expect.arrayContaining([1, 2]) } });
    expect(reasons(output)).toEqual(["warning duplicates"]);
    expect(system.store.inbox.messages).toEqual([]);
    const strict = await roundtrip(ends, { duplicate_wait_ms: 1500, expect: { max_duplicates: 0 } });
    expect(reasons(strict)).toEqual(["error duplicates"]);
  });

  test("among the spam", async () => {
    const { ends } = await start({ delivery: { folder: "Junk" } });
    const watching = { receive: { poll_interval_ms: 100 } };
    const output = await roundtrip(ends, watching);
    expect(output).toMatchObject({ status: "warning", folder: "Junk", is_spam_folder: true, receive: { found_by: "noop" } });
    expect(reasons(output)).toEqual(["warning in_spam_folder"]);
    expect(reasons(await roundtrip(ends, { ...watching, expect: { folder: "inbox" } }))).toEqual(["error folder_differs"]);
    expect(await roundtrip(ends, { ...watching, expect: { folder: "spam" } })).toMatchObject({ status: "ok", findings: [] });
  });

  test("under another Message-ID, where the token is enough", async () => {
    const { system, ends } = await start({ delivery: { copies: 0 } });
    const rewritten = (message: ReceivedMessage): Buffer =>
      Buffer.from(message.raw.toString("latin1").replace(/^Message-ID:.*$/im, "Message-ID: <relay@its.own>"), "latin1");
    const post = afterSending(system, rewritten);
    const output = await roundtrip(ends, { correlate_by: "token" });
    post.stop();
    expect(output).toMatchObject({ status: "ok", arrival: "arrived" });
    const strict = await start({ delivery: { copies: 0 } });
    const again = afterSending(strict.system, rewritten);
    expect(await roundtrip(strict.ends, { wait_ms: 300 })).toMatchObject({ status: "error", arrival: "not_arrived" });
    again.stop();
  });

  test("later than it may", async () => {
    const { ends } = await start({ delivery: { delayMs: 120 } });
    const late = await roundtrip(ends, { thresholds: { warning: { transit_ms: 50, submission_ms: 60_000 }, error: { transit_ms: 60_000 } } });
    expect(reasons(late)).toEqual(["warning slow_transit"]);
    const tooLate = await roundtrip(ends, { thresholds: { warning: { transit_ms: 50 }, error: { transit_ms: 100, total_ms: 1, submission_ms: 1 } } });
    expect(tooLate.status).toBe("error");
    expect(reasons(tooLate)).toEqual(["error slow_submission", "error slow_transit", "error slow_roundtrip"]);
    expect(tooLate.findings[1]).toMatchObject({ expected: "100 ms", actual: `${tooLate.transit_ms} ms` });
  });

  test("with other verdicts, over more hops and after more attempts than it may", async () => {
    const { ends } = await start({ smtp: { greylistMs: 50 }, delivery: { verdicts: { spf: "softfail", dkim: "pass", dmarc: "none" } } });
    const output = await roundtrip(ends, { expect: { spf: "pass", dkim: "pass", max_hops: 1 }, prefer: { dmarc: "pass", arc: "pass", max_attempts: 1 } });
    expect(output.status).toBe("error");
    expect(output.findings.map(({ severity, reason, expected, actual }) => [severity, reason, expected, actual])).toEqual([
      ["error", "spf_differs", "pass", "softfail"],
      ["error", "too_many_hops", "1", "2"],
      ["warning", "dmarc_differs", "pass", "none"],
      ["warning", "arc_differs", "pass", null],
      ["warning", "too_many_attempts", "1", "2"],
    ]);
  });

  test("over a connection that is lost while it is waited for", async () => {
    const { ends } = await start({ delivery: { delayMs: 300 }, imap: { behave: first("IDLE", { closeAfterMs: 60 }) } });
    const output = await roundtrip(ends);
    expect(output).toMatchObject({
      status: "ok",
      arrival: "arrived",
      receive: { reconnects: [{ reason: expect.any(String), duration_ms: expect.any(Number) }] },
    });
    expect(output.transit_ms).toBeGreaterThan(200);
  });

  test("although the server went without a word after the last dot", async () => {
    const { system, ends } = await start({ smtp: { onMessage: () => "close" }, delivery: { delayMs: 50 } });
    const output = await roundtrip(ends, { clean_up: true });
    expect(output).toMatchObject({
      status: "warning",
      failure: null,
      error_type: null,
      delivery: "unknown",
      arrival: "arrived",
      accepted_at: null,
      transit_ms: null,
    });
    expect(reasons(output)).toEqual(["warning taken_without_answer"]);
    expect(output.total_ms).toBeGreaterThan(0);
    expect(system.smtp.messages).toHaveLength(1);
  });
});

/** Does this to the first command of the name, and nothing to others. */
function first(name: string, behaviour: { closeAfterMs?: number; answer?: string }) {
  return (command: ImapCommand) => (command.name === name && command.before === 0 ? behaviour : undefined);
}

describe("a message that does not come", () => {
  test("has its own error type after it was accepted", async () => {
    const { system, ends } = await start({ delivery: { copies: 0 } });
    const output = await roundtrip(ends, { wait_ms: 200, clean_up: true });
    expect(output).toMatchObject({
      status: "error",
      failure: { phase: "probe", code: "timeout", retryable: true },
      failed_part: "imap",
      error_type: "no_recent_message",
      delivery: "accepted",
      arrival: "not_arrived",
      folder: null,
      transit_ms: null,
      clean_up: { outcome: "nothing_there" },
      findings: [],
    });
    expect(output.failure?.message).toBe(`the message was taken at ${output.accepted_at}, and was in none of the folders 200 ms later`);
    await expect.poll(() => system.imap.openSockets + system.smtp.openSockets, { interval: 5 }).toBe(0);
  });

  test.each([
    ["that tells of what comes", ["IDLE"]],
    ["that has to be asked", []],
  ])("ends at its deadline, at a server %s", async (_what, capabilities) => {
    const { ends } = await start({ delivery: { copies: 0 }, imap: { capabilities } });
    const began = performance.now();
    expect(await roundtrip(ends, { wait_ms: 200, receive: { poll_interval_ms: 60_000 } })).toMatchObject({ arrival: "not_arrived" });
    expect(performance.now() - began).toBeGreaterThan(190);
    expect(performance.now() - began).toBeLessThan(20_000);
  });

  test("and was left in doubt, keeps the doubt", async () => {
    const { ends } = await start({ smtp: { onMessage: () => "close" }, delivery: { copies: 0 } });
    expect(await roundtrip(ends, { wait_ms: 200 })).toMatchObject({
      status: "error",
      failure: { phase: "data", code: "closed" },
      failed_part: "send",
      error_type: "connection_error",
      delivery: "unknown",
      arrival: "not_arrived",
    });
  });

  test.each([
    ["is refused", { smtp: { onMessage: () => ({ code: 554, lines: ["5.7.1 no"] }) } }, {}, { phase: "data", reply_code: 554 }, "smtp_error", 1],
    [
      "is greylisted for longer than we try",
      { smtp: { greylistMs: 60_000 } },
      { retries: 1, retry_delay: 0 },
      { phase: "rcpt", reply_code: 451 },
      "temporary_failure",
      2,
    ],
    ["may not be handed in", {}, { password: "wrong" }, { phase: "auth", reply_code: 535 }, "auth_error", 1],
  ])("because it %s, is not waited for", async (_why, options, send, failure, kind, attempts) => {
    const { system, ends } = await start(options);
    // Waiting would take longer than a test may.
    const output = await roundtrip(ends, { send, wait_ms: 600_000 });
    expect(output).toMatchObject({
      status: "error",
      failure,
      failed_part: "send",
      error_type: kind,
      arrival: "not_awaited",
      send: { attempt_count: attempts },
    });
    await expect.poll(() => system.imap.openSockets + system.smtp.openSockets, { interval: 5 }).toBe(0);
  });

  test("is not sent if it could not be found", async () => {
    const { system, ends } = await start();
    const output = await roundtrip(ends, { receive: { password: "wrong" } });
    expect(output).toMatchObject({
      status: "error",
      failure: { phase: "auth", code: "reply_rejected" },
      failed_part: "imap",
      delivery: "not_sent",
      arrival: "not_awaited",
      send: { ip_address: null, attempt_count: 0 },
    });
    expect([system.smtp.connections, system.smtp.messages.length]).toEqual([0, 0]);
  });

  test("before the mailbox is lost, has an unknown outcome", async () => {
    const { system, ends } = await start({ delivery: { delayMs: 60_000 }, imap: { behave: first("IDLE", { closeAfterMs: 60 }) } });
    const running = roundtrip(ends, { wait_ms: 2000, clean_up: true });
    await expect.poll(() => system.smtp.messages.length, { interval: 5 }).toBe(1);
    await system.imap.close();
    expect(await running).toMatchObject({
      status: "error",
      failed_part: "imap",
      delivery: "accepted",
      arrival: "unknown",
      clean_up: { outcome: "failed", deleted_uids: [] },
    });
  });

  test("before the run's own deadline", async () => {
    const { system, ends } = await start({ delivery: { copies: 0 } });
    const began = performance.now();
    const output = await roundtrip(ends, { wait_ms: 600_000 }, { timeoutMs: 4000 });
    expect(performance.now() - began).toBeLessThan(20_000);
    expect(output).toMatchObject({ status: "error", failure: { code: "timeout" }, failed_part: "imap", delivery: "accepted", arrival: "unknown" });
    await expect.poll(() => system.imap.openSockets + system.smtp.openSockets, { interval: 5 }).toBe(0);
  });
});

test("a clean-up that the server does not allow makes no error of a message that came", async () => {
  const { system, ends } = await start({ imap: { behave: first("UID STORE", { answer: "NO [NOPERM] you may not" }) } });
  const output = await roundtrip(ends, { clean_up: true });
  expect(output).toMatchObject({ status: "warning", arrival: "arrived", clean_up: { outcome: "failed", deleted_uids: [] } });
  expect(reasons(output)).toEqual(["warning not_deleted"]);
  expect(system.store.inbox.messages).toHaveLength(1);
});
