import { afterEach, expect, test } from "vitest";
import { sendTestMessage } from "../../../probes/network.smtp/message.js";
import { type SmtpServer, type SmtpServerOptions, startSmtpServer } from "../../../runner/lab/smtp-server.js";
import { playTranscript } from "../../../runner/lab/transcript-server.js";
import { FailureError } from "../../../runner/run/failure-error.js";
import { greetedSession, testRun } from "../../support/smtp-context.js";

const MESSAGE = { mail_from: "alice@sender.example", rcpt_to: "bob@recipient.example", subject: "Prüfung", text: "One line.\n.Another with ü.\n" };

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function sendTo(server: { host: string; port: number }, message: Partial<typeof MESSAGE> = {}) {
  const run = testRun();
  closers.push(() => run.state.deadline.release());
  const session = await greetedSession(run, server);
  closers.push(() => session.close());
  const evidence: Parameters<typeof sendTestMessage>[2] = { sent_message: null };
  const failure = await sendTestMessage(session, { ...MESSAGE, ...message }, evidence).then(
    () => null,
    (error: unknown) => {
      if (error instanceof FailureError) return error.failure;
      throw error;
    },
  );
  return { failure, sent: evidence.sent_message, operations: run.state.recorder.operations.map(({ name }) => name) };
}

async function lab(options: SmtpServerOptions = {}): Promise<SmtpServer> {
  const server = await startSmtpServer(options);
  closers.push(() => server.close());
  return server;
}

test("the message that arrives is complete, and is the one that was reported", async () => {
  const server = await lab();
  const { failure, sent } = await sendTo(server);
  expect(failure).toBeNull();
  expect(sent).toMatchObject({ mail_from: "alice@sender.example", rcpt_to: "bob@recipient.example", accepted: true, delivery: "accepted" });
  const [message] = server.messages;
  expect(message).toMatchObject({ from: "alice@sender.example", recipients: ["bob@recipient.example"] });
  const [header, body] = (message?.raw.toString("utf8") ?? "").split("\r\n\r\n");
  expect(header).toContain(`Message-ID: ${sent?.message_id}`);
  expect(sent?.message_id).toMatch(/^<[0-9a-f-]{36}@sender\.example>$/);
  expect(header).toMatch(/^From: alice@sender\.example$/m);
  expect(header).toMatch(/^To: bob@recipient\.example$/m);
  expect(header).toMatch(/^Subject: =\?UTF-8\?/m);
  expect(header).toMatch(/^Auto-Submitted: auto-generated$/m);
  expect(Math.abs(Date.parse(/^Date: (.*)$/m.exec(header ?? "")?.[1] ?? "") - Date.now())).toBeLessThan(10_000);
  expect(body).toBe("One line.\r\n.Another with =C3=BC.\r\n");
});

test("two messages never share an identifier", async () => {
  const server = await lab();
  const first = await sendTo(server);
  const second = await sendTo(server);
  expect(first.sent?.message_id).not.toBe(second.sent?.message_id);
});

test("a greylisted message is refused temporarily", async () => {
  const { failure, sent } = await sendTo(await lab({ greylistMs: 60_000 }));
  expect(failure).toMatchObject({ phase: "rcpt", code: "reply_rejected", retryable: true });
  expect(sent).toMatchObject({ accepted: false, delivery: "refused" });
});

test("an invalid address is reported with its field, and nothing is sent", async () => {
  const server = await playTranscript("S: 220 mx\nC: EHLO *\nS: 250 mx\n@expect-close");
  closers.push(() => server.close());
  const { failure, sent, operations } = await sendTo(server, { rcpt_to: "bob smith@recipient.example" });
  expect(failure).toMatchObject({ phase: "rcpt", code: "not_permitted", message: expect.stringContaining("send_message.rcpt_to") });
  expect(sent).toBeNull();
  expect(operations).toEqual(["connect", "greeting", "EHLO"]);
});

test("a message with an unknown outcome is reported as unknown", async () => {
  const server = await playTranscript("S: 220 mx\nC: EHLO *\nS: 250 mx\nC: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: DATA\nS: 354 go\n@message\n@close");
  closers.push(() => server.close());
  const { failure, sent } = await sendTo(server);
  expect(failure).toMatchObject({ phase: "data", code: "closed" });
  expect(sent).toMatchObject({ accepted: false, delivery: "unknown" });
});

test("addresses beyond ASCII are sent to a server with SMTPUTF8, and MAIL has the parameter", async () => {
  const server = await lab();
  const { failure, sent } = await sendTo(server, { mail_from: "jürgen@bücher.example" });
  expect(failure).toBeNull();
  expect(sent?.mail_from).toBe("jürgen@bücher.example");
  expect(sent?.message_id).toMatch(/@xn--bcher-kva\.example>$/);
});
