import { createTransport } from "nodemailer";
import { afterEach, expect, test } from "vitest";
import { type MailSystem, type MailSystemOptions, startMailSystem } from "../../../runner/lab/mail-system.js";

const open: MailSystem[] = [];
afterEach(async () => {
  for (const system of open.splice(0)) await system.close();
});

async function start(options: MailSystemOptions = {}): Promise<MailSystem> {
  const system = await startMailSystem(options);
  open.push(system);
  return system;
}

function send({ smtp }: MailSystem): Promise<unknown> {
  return createTransport({ host: smtp.host, port: smtp.port, name: "client.example", ignoreTLS: true }).sendMail({
    from: "Ada <ada@example.org>",
    to: "bob@example.net",
    subject: "hello",
    text: "a body",
  });
}

const DATE = "\\w{3}, \\d\\d \\w{3} \\d{4} \\d\\d:\\d\\d:\\d\\d \\+0000";

test("what is sent arrives, with its Received fields", async () => {
  const system = await start({ delivery: { verdicts: { spf: "fail", dkim: "none", dmarc: "fail" } } });
  const arrived = new Promise((resolve) => system.store.onChange(resolve));
  await send(system);
  await arrived;
  const [message] = system.store.inbox.messages;
  expect(message?.header).toMatch(
    new RegExp(
      [
        "^Return-Path: <ada@example\\.org>",
        `Received: from mx\\.lab\\.localhost by store\\.mx\\.lab\\.localhost with LMTP id \\w+; ${DATE}`,
        "Authentication-Results: mx\\.lab\\.localhost;",
        " spf=fail smtp\\.mailfrom=example\\.org;",
        " dkim=none header\\.d=example\\.org;",
        " dmarc=fail header\\.from=example\\.org",
        "Received: from client\\.example \\(\\[127\\.0\\.0\\.1\\]\\)",
        " by mx\\.lab\\.localhost with ESMTP id \\w+",
        ` for <bob@example\\.net>; ${DATE}`,
        "From: Ada <ada@example\\.org>",
      ].join("\r\n"),
    ),
  );
  expect(message?.body).toBe("a body\r\n");
});

test("it arrives late, twice, and in the spam folder if configured", async () => {
  const system = await start({ delivery: { delayMs: 300, copies: 2, copyAfterMs: 30, folder: "Junk" } });
  const sentAt = performance.now();
  await send(system);
  await expect.poll(() => system.store.junk.messages.length, { interval: 5 }).toBeGreaterThan(0);
  expect(performance.now() - sentAt).toBeGreaterThan(290);
  await expect.poll(() => system.store.junk.messages.length, { interval: 5 }).toBe(2);
  expect(system.store.inbox.messages).toHaveLength(0);
});

test("refused mail does not arrive; mail with an unknown outcome does", async () => {
  const answers = [{ code: 451, lines: ["4.3.0 not now"] }, "close" as const];
  const system = await start({ smtp: { onMessage: () => answers.shift() } });
  await expect(send(system)).rejects.toThrow("451 4.3.0 not now");
  await expect(send(system)).rejects.toThrow();
  await expect.poll(() => system.store.inbox.messages.length, { interval: 5 }).toBe(1);
});

test("it never arrives if configured, and closing does not wait", async () => {
  const never = await start({ delivery: { copies: 0 } });
  const late = await start({ delivery: { delayMs: 3_600_000 } });
  for (const system of [never, late]) {
    await send(system);
    await system.close();
    expect(system.store.inbox.messages).toHaveLength(0);
  }
});
