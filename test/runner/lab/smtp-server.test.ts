import { createTransport } from "nodemailer";
import { afterEach, describe, expect, test } from "vitest";
import { type SmtpServer, type SmtpServerOptions, startSmtpServer } from "../../../runner/lab/smtp-server.js";
import { RawClient } from "../../support/raw-client.js";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0)) await thing.close();
});

async function start(options: SmtpServerOptions = {}): Promise<SmtpServer> {
  const server = await startSmtpServer({ name: "lab.example", ...options });
  open.push(server);
  return server;
}

async function dial(server: SmtpServer, options: { tls?: boolean } = {}): Promise<RawClient> {
  const client = await RawClient.open(server.port, options);
  open.unshift(client);
  expect(await client.reply()).toBe("220 lab.example ESMTP probe-run lab");
  return client;
}

/** Each line in turn, and what the server answered to it. */
async function said(client: RawClient, ...lines: string[]): Promise<string[]> {
  const answers: string[] = [];
  for (const line of lines) answers.push(await client.ask(line));
  return answers.map((answer) => answer.slice(0, 9).trim());
}

test("a whole delivery", async () => {
  const server = await start();
  const client = await dial(server);
  expect(await client.ask("EHLO client.example")).toBe(
    "250-lab.example greets client.example\n250-PIPELINING\n250-8BITMIME\n250-SMTPUTF8\n250-ENHANCEDSTATUSCODES\n250-SIZE 33554432\n250 HELP",
  );
  expect(await client.ask("MAIL FROM:<a@example.org> SIZE=10 BODY=8BITMIME")).toBe("250 2.1.0 sender OK");
  expect(await client.ask("rcpt to:<b@example.net>")).toBe("250 2.1.5 recipient OK");
  expect(await client.ask("RCPT TO:<Postmaster>")).toBe("250 2.1.5 recipient OK");
  expect(await client.ask("DATA")).toBe("354 send the message, end it with a line that is a dot");
  expect(await client.ask("Subject: x\r\n\r\n..one dot\r\n\xff\r\n.")).toBe("250 2.0.0 taken, 27 bytes");
  expect(await client.ask("QUIT")).toBe("221 2.0.0 lab.example goodbye");
  expect(await client.rest()).toBe("");
  expect(server.messages).toEqual([
    {
      from: "a@example.org",
      recipients: ["b@example.net", "Postmaster"],
      raw: Buffer.from("Subject: x\r\n\r\n.one dot\r\n\xff\r\n", "latin1"),
      helo: "client.example",
      remoteAddress: "127.0.0.1",
      tls: false,
      username: null,
    },
  ]);
});

test("commands out of order are refused", async () => {
  const client = await dial(await start());
  expect(await said(client, "MAIL FROM:<a@b>", "RCPT TO:<a@b>", "DATA", "AUTH PLAIN", "STARTTLS", "NOOP", "RSET", "XYZZY", "EHLO", "HELO x")).toEqual([
    "503 5.5.1",
    "503 5.5.1",
    "503 5.5.1",
    "503 5.5.1",
    "502 5.5.1",
    "250 2.0.0",
    "250 2.0.0",
    "500 5.5.1",
    "501 5.5.4",
    "250 lab.e",
  ]);
  expect(
    await said(
      client,
      "MAIL FROM:<a@b>",
      "MAIL FROM:<a@b>",
      "DATA",
      "RSET",
      "RCPT TO:<a@b>",
      "VRFY",
      "VRFY a",
      "HELP",
      "MAIL FROM:<>",
      "EHLO x",
      "RCPT TO:<a@b>",
    ),
  ).toEqual(["250 2.1.0", "503 5.5.1", "554 5.5.1", "250 2.0.0", "503 5.5.1", "501 5.5.4", "252 2.5.2", "214-2.0.0", "250 2.1.0", "250-lab.e", "503 5.5.1"]);
});

test.each([
  ["MAIL FROM: <a@b>", "501 5.5.4"],
  ["MAIL FROM:a@b", "501 5.5.4"],
  ["MAIL FROM:<a>", "553 5.1.7"],
  ["MAIL FROM:<a@b> SIZE=x", "501 5.5.4"],
  ["MAIL FROM:<a@b> SIZE=33554433", "552 5.3.4"],
  ["MAIL FROM:<a@b> BODY=BINARYMIME", "501 5.5.4"],
  ["MAIL FROM:<a@b> FOO=1", "555 5.5.4"],
  ["MAIL FROM:<a@b> constructor", "555 5.5.4"],
  ["MAIL FROM:<\xc3\xa9@b>", "553 5.6.7"],
  ["MAIL FROM:<\xc3\xa9@b> SMTPUTF8", "250 2.1.0"],
  ['MAIL FROM:<"a > b"@c>', "250 2.1.0"],
  ["MAIL FROM:<@relay.example,@other.example:a@b>", "250 2.1.0"],
])("%s", async (line, answer) => {
  const client = await dial(await start());
  await client.ask("EHLO x");
  expect(await said(client, line, "NOOP")).toEqual([answer, "250 2.0.0"]);
});

test.each([1_100, 13_000, 200_000])("a command line of %i bytes is too long", async (length) => {
  const client = await dial(await start());
  expect(await said(client, `NOOP ${"a".repeat(length - 5)}`, "NOOP")).toEqual(["500 5.5.2", "250 2.0.0"]);
});

test("a bare LF ends no command and no message", async () => {
  const server = await start();
  const client = await dial(server);
  client.write("NOOP\n");
  expect(await client.reply()).toMatch(/^500 5\.5\.2/);
  expect(await said(client, "EHLO x", "MAIL FROM:<a@b>", "RCPT TO:<a@b>", "DATA")).toHaveLength(4);
  client.write("x\n.\r\nMAIL FROM:<smuggled@b>\r\n.\n\r\n");
  expect(await client.ask(".")).toMatch(/^554 5\.6\.0/);
  expect(server.messages).toEqual([]);
  expect(await said(client, "NOOP")).toEqual(["250 2.0.0"]);
});

test.each([
  ["longer than the limit", "x".repeat(50), 40, "552 5.3.4"],
  ["with a line of a thousand bytes", "x".repeat(1000), 0, "554 5.6.0"],
  ["with a line of 998 bytes", "x".repeat(998), 0, "250 2.0.0"],
])("a message %s", async (_, text, size, answer) => {
  const client = await dial(await start({ size }));
  await said(client, "EHLO x", "MAIL FROM:<a@b>", "RCPT TO:<a@b>", "DATA");
  expect(await said(client, `${text}\r\n.`, "NOOP")).toEqual([answer, "250 2.0.0"]);
});

test("pipelined commands are answered in order", async () => {
  const client = await dial(await start());
  client.write("EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<bad>\r\nRCPT TO:<a@b>\r\nDATA\r\n");
  const answers = [];
  for (let count = 0; count < 5; count++) answers.push((await client.reply()).slice(0, 3));
  expect(answers).toEqual(["250", "250", "501", "250", "354"]);
});

test("a greylisted sender and recipient are accepted after the delay", async () => {
  const server = await start({ greylistMs: 80 });
  const client = await dial(server);
  await said(client, "EHLO x", "MAIL FROM:<a@b>");
  expect(await client.ask("RCPT TO:<c@d>")).toBe("451 4.7.1 greylisted, come back in 1 s");
  expect(await said(client, "RCPT TO:<c@d>", "DATA")).toEqual(["451 4.7.1", "554 5.5.1"]);
  await new Promise((resolve) => setTimeout(resolve, 90));
  expect(await said(client, "RCPT TO:<c@d>", "RCPT TO:<other@d>")).toEqual(["250 2.1.5", "451 4.7.1"]);
});

test("replies are delayed as configured", async () => {
  const client = await dial(await start({ latencyMs: 30 }));
  const began = performance.now();
  await client.ask("NOOP");
  expect(performance.now() - began).toBeGreaterThanOrEqual(29);
});

test("a silent client is disconnected", async () => {
  const client = await dial(await start({ idleMs: 40 }));
  expect(await client.reply()).toBe("421 4.4.2 lab.example nothing heard for 0.04 s, goodbye");
  expect(await client.rest()).toBe("");
});

test("a client that only sends errors is disconnected", async () => {
  const client = await dial(await start());
  for (let count = 0; count < 20; count++) client.write("FOO\r\n");
  expect(await client.rest()).toMatch(/421 4\.7\.0 too many mistakes, goodbye\r\n$/);
});

describe("STARTTLS", () => {
  test("secures the connection, and resets the session", async () => {
    const server = await start({ tls: "starttls" });
    const client = await dial(server);
    expect(await client.ask("EHLO x")).toContain("STARTTLS");
    expect(await said(client, "STARTTLS now", "MAIL FROM:<a@b>", "STARTTLS")).toEqual(["501 5.5.4", "250 2.1.0", "220 2.0.0"]);
    await client.startTls();
    expect(await said(client, "MAIL FROM:<a@b>", "STARTTLS")).toEqual(["503 5.5.1", "503 5.5.1"]);
    expect(await client.ask("EHLO x")).not.toContain("STARTTLS");
    expect(server.certificate).toContain("BEGIN CERTIFICATE");
  });

  test("drops plain commands that were sent ahead", async () => {
    const client = await dial(await start({ tls: "starttls" }));
    await client.ask("EHLO x");
    client.write("STARTTLS\r\nMAIL FROM:<injected@b>\r\n");
    expect(await client.reply()).toBe("220 2.0.0 begin TLS");
    await client.startTls();
    expect(await said(client, "EHLO x", "RCPT TO:<a@b>")).toEqual(["250-lab.e", "503 5.5.1"]);
  });
});

test("implicit TLS", async () => {
  const client = await dial(await start({ tls: "implicit" }), { tls: true });
  expect(await client.ask("EHLO x")).not.toContain("STARTTLS");
  expect(await said(client, "STARTTLS", "QUIT")).toEqual(["503 5.5.1", "221 2.0.0"]);
});

test("a client of another program delivers a message", async () => {
  const server = await start({ tls: "starttls", auth: { username: "u@example.org", password: "p" } });
  const transport = createTransport({
    host: "localhost",
    port: server.port,
    requireTLS: true,
    tls: { ca: server.certificate as string },
    auth: { user: "u@example.org", pass: "p" },
  });
  const result = await transport.sendMail({ from: "a@example.org", to: "b@example.net", subject: "hello", text: ".\nwith dots" });
  expect(result.response).toMatch(/^250 2\.0\.0 taken/);
  expect(server.messages[0]).toMatchObject({ from: "a@example.org", recipients: ["b@example.net"], tls: true, username: "u@example.org" });
  expect(server.messages[0]?.raw.toString()).toContain("\r\n\r\n.\r\nwith dots\r\n");
});

test("the reply to a message may be replaced or omitted", async () => {
  const answers = [{ code: 451, lines: ["4.3.0 not now"] }, "close" as const];
  const server = await start({ onMessage: () => answers.shift() });
  const client = await dial(server);
  const send = ["MAIL FROM:<a@b>", "RCPT TO:<a@b>", "DATA", "Subject: x\r\n\r\n."];
  expect(await said(client, "EHLO x", ...send)).toEqual(["250-lab.e", "250 2.1.0", "250 2.1.5", "354 send", "451 4.3.0"]);
  expect(await said(client, ...send)).toEqual(["250 2.1.0", "250 2.1.5", "354 send", "(closed)"]);
});

test("closing leaves nothing open", async () => {
  const server = await start();
  const client = await dial(server);
  await server.close();
  expect(await client.rest()).toBe("");
  expect([server.connections, server.openSockets]).toEqual([1, 0]);
});
