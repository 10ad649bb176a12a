import { createHmac } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Postfix, startPostfix } from "./postfix.js";
import { RawClient } from "./raw-client.js";
import { realServer } from "./real-servers.js";
import { startSmtpSink } from "./smtp-sink.js";

const base64 = (text: string): string => Buffer.from(text).toString("base64");

realServer("postfix with STARTTLS and SASL", ["postfix", "dovecot"], () => {
  let postfix: Postfix;
  const clients: RawClient[] = [];
  beforeAll(async () => {
    postfix = await startPostfix();
  });
  afterAll(async () => {
    for (const client of clients) client.close();
    await postfix?.stop();
  });

  async function dial(port: number, tls = false): Promise<RawClient> {
    const client = await RawClient.open(port, { tls });
    clients.push(client);
    expect(await client.reply()).toMatch(/^220 mx\.example\.org ESMTP/);
    return client;
  }

  async function dialSecurely(port: number): Promise<RawClient> {
    const client = await dial(port);
    expect(await client.ask("EHLO client.example")).toContain("250-STARTTLS");
    expect(await client.ask("STARTTLS")).toMatch(/^220 /);
    await client.startTls();
    return client;
  }

  test("the plain port offers no TLS and no AUTH, and delivers", async () => {
    const client = await dial(postfix.plain);
    expect(await client.ask("EHLO client.example")).not.toMatch(/STARTTLS|AUTH/);
    expect(await client.ask("MAIL FROM:<a@example.net>")).toMatch(/^250/);
    expect(await client.ask("RCPT TO:<b@example.com>")).toMatch(/^554/);
    expect(await client.ask("RCPT TO:<b@example.org>")).toMatch(/^250/);
    expect(await client.ask("DATA")).toMatch(/^354/);
    expect(await client.ask("Subject: delivered by a test\r\n\r\nhello\r\n.")).toMatch(/^250/);
    await expect.poll(() => postfix.delivered().join(), { timeout: 5000 }).toContain("Subject: delivered by a test");
  });

  test("the second port offers STARTTLS", async () => {
    const client = await dialSecurely(postfix.starttls);
    expect(await client.ask("EHLO client.example")).not.toContain("STARTTLS");
    expect(await client.ask("QUIT")).toMatch(/^221/);
  });

  test("the third port speaks TLS from the start", async () => {
    const client = await dial(postfix.implicit, true);
    expect(await client.ask("QUIT")).toMatch(/^221/);
  });

  test("the submission port wants STARTTLS first", async () => {
    const client = await dial(postfix.submission);
    expect(await client.ask("EHLO client.example")).not.toContain("AUTH");
    expect(await client.ask("MAIL FROM:<a@example.org>")).toMatch(/^530/);
  });

  test.each([
    ["the right password", "235", (postfix: Postfix) => postfix.password],
    ["a wrong password", "535", () => "wrong"],
  ])("the submission port answers %s with %s", async (_, code, password) => {
    const client = await dialSecurely(postfix.submission);
    expect(await client.ask("EHLO client.example")).toMatch(/250-AUTH .*PLAIN/);
    expect((await client.ask(`AUTH PLAIN ${base64(`\0user\0${password(postfix)}`)}`)).slice(0, 3)).toBe(code);
  });

  test("the submission port checks CRAM-MD5", async () => {
    const client = await dialSecurely(postfix.submission);
    expect(await client.ask("EHLO client.example")).toMatch(/250-AUTH .*CRAM-MD5/);
    const challenge = Buffer.from((await client.ask("AUTH CRAM-MD5")).slice(4), "base64").toString();
    const digest = createHmac("md5", postfix.password).update(challenge).digest("hex");
    expect(await client.ask(base64(`user ${digest}`))).toMatch(/^235/);
  });
});

realServer("postfix's smtp-sink", ["smtp-sink"], () => {
  test("takes a conversation", async () => {
    const sink = await startSmtpSink();
    const client = await RawClient.open(sink.port);
    expect(await client.reply()).toMatch(/^220/);
    expect(await client.ask("NOOP")).toMatch(/^250/);
    expect(await client.ask("QUIT")).toMatch(/^221/);
    await sink.stop();
  });
});
