import { afterAll, beforeAll, expect, test } from "vitest";
import { testAuthority } from "../../support/certificates.js";
import { type Postfix, startPostfix } from "../../support/postfix.js";
import { type Postgrey, startPostgrey } from "../../support/postgrey.js";
import { realServer } from "../../support/real-servers.js";
import { type SendInput, type SendOutput, send, steps } from "./send.js";

const TRUSTED = { servername: "mx.example.org", ca: testAuthority() } as const;
const DELAY_SECONDS = 2;

async function submit(postfix: Postfix, input: SendInput = {}): Promise<SendOutput> {
  return send(postfix.submission, { tls: "starttls", tls_options: TRUSTED, username: "monitor", password: postfix.password, ...input });
}

async function delivered(postfix: Postfix, token: string): Promise<string> {
  await expect.poll(() => postfix.delivered().filter((message) => message.includes(token)).length, { timeout: 5000 }).toBe(1);
  return postfix.delivered().find((message) => message.includes(token)) as string;
}

realServer("mail.send hands mail to postfix", ["postfix", "dovecot"], () => {
  let postfix: Postfix;
  beforeAll(async () => {
    postfix = await startPostfix();
  });
  afterAll(() => postfix?.stop());

  test("after STARTTLS and a login it is accepted, and arrives once", async () => {
    const output = await submit(postfix);
    expect(output).toMatchObject({
      status: "ok",
      failure: null,
      error_type: null,
      delivery: "accepted",
      reply_code: 250,
      attempt_count: 1,
      auth: { accepted: true },
      tls: { authorised: true },
      recipients: [{ address: "inbox@example.org", outcome: "accepted", attempt: 1, code: 250 }],
      greylisted: false,
    });
    expect(output.subject).toMatch(/^\[monitor\] \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ [0-9a-f]{6}$/);
    expect(output.subject.endsWith(` ${output.token}`)).toBe(true);
    expect(steps(output)).toEqual([
      ...["connect", "greeting 220", "EHLO 250", "STARTTLS 220", "TLS", "EHLO 250", "AUTH SCRAM-SHA-256 334", "AUTH SCRAM-SHA-256 334"],
      ...["AUTH SCRAM-SHA-256 235", "MAIL 250", "RCPT 250", "DATA 354", "message 250", "QUIT 221"],
    ]);
    const message = await delivered(postfix, output.token);
    for (const line of [`Subject: ${output.subject}`, `Message-ID: ${output.message_id}`, "Auto-Submitted: auto-generated", "From: monitor@example.org"])
      expect(message).toContain(line);
    expect(postfix.log()).toMatch(new RegExp(`message-id=${output.message_id}`));
    expect(JSON.stringify(output)).not.toContain(postfix.password);
  });

  test("its password may be given by reference", async () => {
    process.env.MAIL_SEND_TEST_PASSWORD = postfix.password;
    const { username, ...rest } = { username: "monitor", password_secret: "mail_send_test_password" };
    const output = await send(postfix.submission, { tls: "starttls", tls_options: TRUSTED, username, ...rest });
    delete process.env.MAIL_SEND_TEST_PASSWORD;
    expect(output).toMatchObject({ status: "ok", auth: { accepted: true } });
  });

  test("a wrong password is an auth_error, and is tried once", async () => {
    const output = await submit(postfix, { password: "no-such-word", retries: 5 });
    expect(output).toMatchObject({
      status: "error",
      error_type: "auth_error",
      delivery: "not_sent",
      attempt_count: 1,
      failure: { phase: "auth", code: "reply_rejected", reply_code: 535 },
      recipients: [{ outcome: "not_sent", code: 535 }],
    });
  });

  test("a subject with quotes, parentheses and characters beyond ASCII, lines that begin with dots, and an attachment", async () => {
    const output = await submit(postfix, {
      subject_prefix: '[say "hi" (twice)] Grüezi – 日本',
      text: ".\n..two\nFrom here\nGrüezi\n",
      headers: [{ name: "X-Check", value: "mail (send)" }],
      attachments: [{ name: "grüße.txt", text: "attached" }],
    });
    expect(output.status).toBe("ok");
    const message = await delivered(postfix, output.message_id);
    expect(message).toContain("=?UTF-8?");
    expect(message).toContain("X-Check: mail (send)");
    expect(message).toMatch(/^\.\r?\n\.\.two\r?\nFrom here\r?\nGr=C3=BCezi\r?\n/m);
    expect(message).toContain(Buffer.from("attached").toString("base64"));
  });

  test("a message of the requested size, with DSN", async () => {
    const output = await submit(postfix, { size_bytes: 200_000, dsn: { notify: ["FAILURE", "DELAY"], ret: "HDRS", envid: "run 1", orcpt: true } });
    expect(output.status).toBe("ok");
    expect(output.message_size_bytes).toBeGreaterThan(200_000);
    expect(output.message_size_bytes).toBeLessThan(201_000);
    expect((await delivered(postfix, output.message_id)).length).toBeGreaterThan(195_000);
  });

  test("an unknown recipient is refused, and the other gets the message", async () => {
    const restricted = await send(postfix.plain, { recipients: ["someone@elsewhere.example"] });
    expect(restricted).toMatchObject({
      status: "error",
      error_type: "recipient_refused",
      delivery: "partial",
      reply_code: 250,
      attempt_count: 1,
      recipients: [
        { outcome: "accepted", code: 250 },
        { outcome: "refused", code: 554, enhanced_code: "5.7.1" },
      ],
    });
    await delivered(postfix, restricted.message_id);
  });

  test("a message above its size limit is not sent", async () => {
    const output = await send(postfix.plain, { size_bytes: 11_000_000 });
    expect(output).toMatchObject({ error_type: "smtp_error", delivery: "not_sent", failure: { phase: "mail", code: "limit_exceeded" } });
    expect(steps(output)).toEqual(["connect", "greeting 220", "EHLO 250", "QUIT 221"]);
  });

  test("a server with an untrusted certificate gets neither password nor message, unless verify is report", async () => {
    const untrusted = await submit(postfix, { tls_options: { servername: "mx.example.org" } });
    expect(untrusted).toMatchObject({ error_type: "connection_error", delivery: "not_sent", failure: { phase: "tls", code: "tls_certificate" }, auth: null });
    const reported = await submit(postfix, { tls_options: { servername: "mx.example.org", verify: "report" } });
    expect(reported).toMatchObject({ status: "warning", delivery: "accepted", findings: [{ reason: "certificate_not_trusted" }] });
  });
});

realServer("mail.send meets postgrey", ["postfix", "dovecot", "postgrey"], () => {
  let postfix: Postfix;
  let postgrey: Postgrey;
  beforeAll(async () => {
    postgrey = await startPostgrey(DELAY_SECONDS);
    postfix = await startPostfix({
      settings: () => ({ submission_recipient_restrictions: `check_policy_service ${postgrey.service}, permit_sasl_authenticated, reject` }),
    });
  });
  afterAll(async () => {
    // Clients stop first: postgrey does not exit while one is connected.
    await postfix?.stop();
    await postgrey?.stop();
  });

  test("temporary_failure at first, success after it, with the same token", async () => {
    const output = await submit(postfix, { retry_delay: DELAY_SECONDS / 2 + 0.6 });
    expect(output).toMatchObject({ status: "ok", error_type: null, delivery: "accepted", greylisted: true });
    expect(output.attempt_count).toBeGreaterThan(1);
    expect(output.attempts.map(({ error_type }) => error_type)).toEqual([...new Array(output.attempt_count - 1).fill("temporary_failure"), null]);
    expect(output.attempts[0]).toMatchObject({ reply_code: 450, failure: { phase: "rcpt", retryable: true }, waited_ms: 0 });
    expect(output.attempts[1]?.waited_ms).toBeGreaterThan(1500);
    expect(output.greylist_delay_ms).toBeGreaterThan(DELAY_SECONDS * 1000 - 500);
    const message = await delivered(postfix, output.token);
    expect(message).toContain(`Message-ID: ${output.message_id}`);
  });

  test("retries until a time limit", async () => {
    const output = await submit(postfix, { from_addr: "other@example.org", retry_schedule: "until", retry_delay: 1, retry_delay_max: 1, retry_until: 30 });
    expect(output).toMatchObject({ status: "ok", greylisted: true });
    expect(output.attempt_count).toBeGreaterThan(1);
  });

  test("without retries it is a temporary_failure, and nothing was sent", async () => {
    const output = await submit(postfix, { from_addr: "third@example.org", retries: 0 });
    expect(output).toMatchObject({
      status: "error",
      error_type: "temporary_failure",
      delivery: "refused",
      attempt_count: 1,
      greylisted: true,
      greylist_delay_ms: null,
      recipients: [{ outcome: "deferred", code: 450 }],
    });
  });
});

realServer("mail.send after postfix has stopped", ["postfix", "dovecot"], () => {
  test("is one connection_error", async () => {
    const postfix = await startPostfix();
    await postfix.stop();
    const output = await submit(postfix, { retries: 5 });
    expect(output).toMatchObject({
      status: "error",
      error_type: "connection_error",
      delivery: "not_sent",
      attempt_count: 1,
      failure: { phase: "connect", code: "refused" },
    });
    expect(output.attempts[0]?.dialled).toMatchObject([{ outcome: "failed", error: "ECONNREFUSED" }]);
  });
});
