import { afterAll, beforeAll, expect, test } from "vitest";
import type { DeliveryOptions, MailToSend } from "../../../runner/delivery/create-delivery.js";
import { run } from "../../../runner/harness/run.js";
import { type DnsServer, startDnsServer } from "../../../runner/lab/dns-server.js";
import type { DeliveryReport } from "../../../schemas/delivery-report.js";
import { testAuthority } from "../../support/certificates.js";
import { closeAfterEach, only, service } from "../../support/delivery.js";
import { ed25519Key, rsaKey } from "../../support/dkim-keys.js";
import { type DkimVerifier, startDkimVerifier } from "../../support/dkim-verifier.js";
import { type Postfix, startPostfix } from "../../support/postfix.js";
import { realServer } from "../../support/real-servers.js";
import { startExim } from "../../support/receivers/exim.js";
import { startOpenSmtpd } from "../../support/receivers/opensmtpd.js";
import type { Receiver } from "../../support/receivers/receiver.js";

closeAfterEach();

const ZONE = `$ORIGIN org.
$TTL 60
@        SOA  ns hostmaster 1 3600 600 86400 60
example  MX   10 mx.example
other    MX   10 mx.example
mx.example A  127.0.0.1
`;

/** Dots that begin lines, a line as long as it may be, more than ASCII, blanks at line ends, and no line end at the end. */
const BODY = `Grüße, 用户!\r\n.\r\n..dots\r\n.one dot\r\n${"x".repeat(998)}\r\ntrailing blanks \t\r\n\r\n\r\nthe end`;

let dns: DnsServer;
let number = 0;
beforeAll(async () => {
  dns = await startDnsServer({ zones: [ZONE] });
});
afterAll(() => dns?.close());

/** A message with its own Message-ID. */
function mailTo(recipients: string | readonly string[], more: Partial<MailToSend> & { readonly subject?: string; readonly body?: string } = {}): MailToSend {
  const { subject = "Hello", body = BODY, ...rest } = more;
  number += 1;
  const header = [
    "From: Ada <ada@sender.example>",
    "To: somebody@example.org",
    `Subject: ${subject}`,
    "Date: Fri, 20 Nov 2026 07:00:00 +0000",
    `Message-ID: <${number}.${process.pid}@sender.example>`,
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=utf-8",
    "Content-Transfer-Encoding: 8bit",
  ];
  return {
    mail_from: "ada@sender.example",
    recipients: typeof recipients === "string" ? [recipients] : recipients,
    message: `${header.join("\r\n")}\r\n\r\n${body}`,
    ...rest,
  };
}

function to(port: number, options: DeliveryOptions = {}) {
  const network = { port, servers: dns.servers } as Parameters<typeof service>[0];
  return service(network, { command_timeout_ms: 10_000, timeout_ms: 30_000, ...options });
}

const ends = ({ recipients }: DeliveryReport): string[] => recipients.map(({ outcome, class: found }) => `${outcome} ${found}`);

/** The copies of a message that have arrived, once there are `copies`. */
async function arrived(receiver: Pick<Receiver, "delivered">, { message_id: id }: DeliveryReport, copies = 1): Promise<string[]> {
  const found = (): string[] => receiver.delivered().filter((message) => message.includes(id as string));
  await expect.poll(() => found().length, { timeout: 10_000 }).toBe(copies);
  return found();
}

const WISH: NonNullable<MailToSend["dsn"]> = { notify: ["success", "failure"], return: "headers", envelope_id: "order-17" };
const DELIVERED_TO_ALICE = { kind: "success", recipients: [{ address: "alice@example.org", original_recipient: "alice@example.org", action: "delivered" }] };

/** The report that has come back for an envelope, as mail.bounce reads it. */
async function reportBack(receiver: Pick<Receiver, "delivered">, envelopeId: string): Promise<unknown> {
  const found = (): string | undefined => receiver.delivered().find((message) => new RegExp(`^original-envelope-id: ${envelopeId}$`, "im").test(message));
  await expect.poll(() => found() !== undefined, { timeout: 10_000 }).toBe(true);
  const { output } = await run("mail.bounce", { message: found() as string });
  return output;
}

const bodyOf = (message: string): string => message.slice(message.indexOf("\n\n") + 2);
/** As a maildir holds it. */
const STORED = `${BODY}\n`.replaceAll("\r\n", "\n");

const keys = [rsaKey("sender.example"), ed25519Key("sender.example")];
const dkim = keys.map(({ domain, selector, privateKey }) => ({ domain, selector, private_key: privateKey }));
const records: Readonly<Record<string, string>> = Object.assign({}, ...keys.map(({ records: own }) => own));

let verifier: DkimVerifier | null = null;
afterAll(() => verifier?.stop());

async function verdicts(stored: string): Promise<string[]> {
  verifier ??= startDkimVerifier();
  return verifier.verify(Buffer.from(stored.replace(/^[\s\S]*?(?=^DKIM-Signature:)/m, "").replaceAll("\n", "\r\n")), records);
}

realServer("createDelivery and postfix", ["postfix", "dovecot", "dkimverify"], () => {
  let postfix: Postfix;
  beforeAll(async () => {
    const settings = (etc: string) => ({
      message_size_limit: "1048576",
      smtpd_recipient_limit: "50",
      header_checks: `regexp:${etc}/header_checks`,
      virtual_mailbox_maps: `inline:{ {alice@example.org=inbox/} {bob@example.org=inbox/} } regexp:${etc}/many`,
    });
    const files = { header_checks: "/^Subject:.*spam/ REJECT This message looks like spam\n", many: "/^n[0-9]+@example\\.org$/ inbox/\n" };
    postfix = await startPostfix({ settings, files });
  });
  afterAll(() => postfix?.stop());

  test("a signed message arrives byte for byte, and its signatures are valid", async () => {
    const report = await to(postfix.starttls, { dkim, tls: { mode: "starttls", verify: "require", ca: testAuthority() } }).send(mailTo("alice@example.org"));
    expect(ends(report)).toEqual(["delivered null"]);
    expect(report.attempts[0]).toMatchObject({ tls: "secured", tls_policy: "configured", tls_result: null });
    const [message] = (await arrived(postfix, report)) as [string];
    expect(bodyOf(message)).toBe(STORED);
    expect(await verdicts(message)).toEqual(["pass", "pass"]);
  });

  test("an untrusted certificate prevents delivery if a trusted one is required", async () => {
    const report = await to(postfix.starttls, { tls: { mode: "starttls", verify: "require" } }).send(mailTo("alice@example.org"));
    expect(only(report)).toMatchObject({ outcome: "failed", class: "tls", said_by: "us", failure: { retryable: true } });
    expect(postfix.delivered().join()).not.toContain(report.message_id as string);
  });

  test("more recipients than it accepts in one transaction all get the message, once each", async () => {
    const recipients = Array.from({ length: 120 }, (_, index) => `n${index}@example.org`);
    const report = await to(postfix.plain).send(mailTo(recipients));
    expect(new Set(ends(report))).toEqual(new Set(["delivered null"]));
    await arrived(postfix, report, 120);
    expect(report.attempts.length).toBeGreaterThan(2);
  });

  test("each recipient has the reply to its own RCPT", async () => {
    const report = await to(postfix.plain).send(mailTo(["alice@example.org", "nobody@example.org", "bob@example.org", "cem@nowhere.org", "dora@other.org"]));
    expect(ends(report)).toEqual(["delivered null", "bounced address", "delivered null", "bounced address", "bounced routing"]);
    expect(report.recipients.map(({ said_by: who, matched }) => [who, matched])).toEqual([
      ["mail_host", null],
      ["mail_host", "postfix-unknown-user"],
      ["mail_host", null],
      ["name_server", null],
      ["mail_host", "postfix-relay"],
    ]);
    await arrived(postfix, report, 2);
  });

  test("a message that is too large or looks like spam is bounced with that class", async () => {
    const large = await to(postfix.plain).send(mailTo("alice@example.org", { body: "0123456789\r\n".repeat(100_000) }));
    expect(only(large)).toMatchObject({ outcome: "bounced", class: "size", said_by: "us", decided_at: "mail", enhanced_code: "5.3.4" });
    expect(large.attempts[0]?.operations.map(({ name }) => name)).not.toContain("message");
    const spam = await to(postfix.plain).send(mailTo("alice@example.org", { subject: "this is spam" }));
    expect(only(spam)).toMatchObject({ outcome: "bounced", class: "content", code: 550, enhanced_code: "5.7.1", decided_at: "data" });
  });

  test("a requested DSN is sent, and names the message and the recipient", async () => {
    const report = await to(postfix.plain).send(mailTo("alice@example.org", { mail_from: "bob@example.org", dsn: WISH }));
    expect(ends(report)).toEqual(["delivered null"]);
    expect(await reportBack(postfix, "order-17")).toMatchObject(DELIVERED_TO_ALICE);
  });
});

realServer("createDelivery and exim", ["exim4", "dkimverify"], () => {
  let exim: Receiver;
  beforeAll(async () => {
    exim = await startExim();
  });
  afterAll(() => exim?.stop());

  test("a signed message arrives byte for byte over trusted TLS, and its signatures are valid", async () => {
    const report = await to(exim.port, { dkim, tls: { verify: "require", ca: testAuthority() } }).send(mailTo("alice@example.org"));
    expect(ends(report)).toEqual(["delivered null"]);
    expect(report.attempts[0]).toMatchObject({ tls: "secured", tls_result: null });
    const [message] = (await arrived(exim, report)) as [string];
    expect(bodyOf(message)).toBe(STORED);
    expect(await verdicts(message)).toEqual(["pass", "pass"]);
  });

  test("each of a hundred recipients has the reply to its own RCPT", async () => {
    const unknown = Array.from({ length: 98 }, (_, index) => `nobody${index}@example.org`);
    const report = await to(exim.port).send(mailTo(["alice@example.org", ...unknown, "bob@example.org", "cem@other.org"]));
    expect(ends(report)).toEqual(["delivered null", ...unknown.map(() => "bounced address"), "delivered null", "bounced routing"]);
    expect(report.recipients[1]).toMatchObject({ code: 550, enhanced_code: null, message: "Unknown user", said_by: "mail_host", next: "correct_the_address" });
    await arrived(exim, report, 2);
  });

  test("a message that is too large or looks like spam is bounced with that class", async () => {
    const large = await to(exim.port).send(mailTo("alice@example.org", { body: "0123456789\r\n".repeat(100_000) }));
    expect(only(large)).toMatchObject({ outcome: "bounced", class: "size", decided_at: "mail" });
    const spam = await to(exim.port).send(mailTo(["alice@example.org", "bob@example.org"], { subject: "this is spam" }));
    expect(ends(spam)).toEqual(["bounced content", "bounced content"]);
    expect(only(spam)).toMatchObject({ code: 550, message: "This message looks like spam", decided_at: "data" });
  });

  test("a requested DSN is sent, and names the message and the recipient", async () => {
    const report = await to(exim.port).send(mailTo("alice@example.org", { mail_from: "bob@example.org", dsn: WISH }));
    expect(ends(report)).toEqual(["delivered null"]);
    expect(await reportBack(exim, "order-17")).toMatchObject(DELIVERED_TO_ALICE);
  });
});

realServer("createDelivery and opensmtpd", ["smtpd"], () => {
  let opensmtpd: Receiver;
  beforeAll(async () => {
    opensmtpd = await startOpenSmtpd();
  });
  afterAll(() => opensmtpd?.stop());

  test("after a failed handshake the message arrives in plain text over another connection, byte for byte", async () => {
    const report = await to(opensmtpd.port).send(mailTo("alice@example.org"));
    expect(ends(report)).toEqual(["delivered null"]);
    expect(report.attempts.map(({ tls, outcome }) => [tls, outcome])).toEqual([["failed", "accepted"]]);
    const [message] = (await arrived(opensmtpd, report)) as [string];
    expect(bodyOf(message)).toBe(STORED);
  });

  test.each([{ mode: "starttls" }, { verify: "require" }] as const)("with %j nothing is sent in plain text", async (tls) => {
    const report = await to(opensmtpd.port, { tls }).send(mailTo("alice@example.org"));
    expect(only(report)).toMatchObject({ outcome: "failed", class: "tls", failure: { retryable: true } });
    expect(report.attempts.flatMap(({ operations }) => operations.map(({ name }) => name))).not.toContain("MAIL");
    expect(opensmtpd.delivered().join()).not.toContain(report.message_id as string);
  });

  test('its reply "mailing list expansion problem" is read as an unknown mailbox', async () => {
    const report = await to(opensmtpd.port).send(mailTo(["alice@example.org", "nobody@example.org", "cem@other.org"]));
    expect(ends(report)).toEqual(["delivered null", "bounced address", "bounced address"]);
    expect(report.recipients[1]).toMatchObject({ code: 524, enhanced_code: "5.2.4", matched: "opensmtpd-nobody", next: "correct_the_address" });
    await arrived(opensmtpd, report);
  });

  test("a message that is too large is bounced with that class", async () => {
    const large = await to(opensmtpd.port).send(mailTo("alice@example.org", { body: "0123456789\r\n".repeat(100_000) }));
    expect(only(large)).toMatchObject({ outcome: "bounced", class: "size", decided_at: "mail" });
  });
});
