import { createTransport } from "nodemailer";
import { afterAll, beforeAll, expect, test } from "vitest";
import { rsaKey, type TestKey } from "../../support/dkim-keys.js";
import { type MailSystem, startMailSystem } from "../../support/mail-system.js";
import { type OpenDkim, startOpenDkim } from "../../support/opendkim.js";
import { realServer } from "../../support/real-servers.js";
import { receive } from "./mailbox.js";

realServer("mail.receive behind a real postfix and opendkim", ["postfix", "dovecot", "dovecot-imap", "dovecot-lmtp", "opendkim"], () => {
  let opendkim: OpenDkim;
  let system: MailSystem;
  let key: TestKey;
  beforeAll(async () => {
    key = rsaKey("example.com", "s1");
    opendkim = await startOpenDkim("mx.example.org", key.records);
    system = await startMailSystem({ settings: { smtpd_milters: opendkim.milter, milter_default_action: "tempfail", smtpd_tls_received_header: "yes" } });
  });
  afterAll(async () => {
    await system?.stop();
    await opendkim?.stop();
  });

  function send(token: string, headers: Record<string, string> = {}, privateKey: string | null = key.privateKey): Promise<unknown> {
    const dkim = privateKey === null ? {} : { dkim: { domainName: "example.com", keySelector: "s1", privateKey } };
    const { host, starttls: port } = system.postfix;
    return createTransport({ host, port, requireTLS: true, tls: { rejectUnauthorized: false }, name: "out.example.com", ...dkim }).sendMail({
      from: "ada@example.com",
      to: "alice@example.org",
      subject: `[dkim] ${token}`,
      text: "A test.",
      headers,
    });
  }

  test("a signed mail has passed, with its Received fields", async () => {
    const waiting = receive(system.dovecot, "alice", { token: "5169ed", wait_ms: 10_000 });
    await send("5169ed");
    const { output } = await waiting;
    expect(output).toMatchObject({ status: "ok", matched: 1 });
    const [message] = output.messages;
    expect(message?.authentication).toMatchObject({ authserv_id: "mx.example.org", dkim: "pass", spf: null });
    expect(message?.authentication.verdicts[0]?.properties).toContainEqual({ name: "header.d", value: "example.com" });
    expect(message?.received.map(({ by, with: protocol }) => [by, protocol])).toEqual([
      ["mx.example.org", "ESMTPS"],
      ["mail.example.org", "LMTP"],
    ]);
    const secured = { version: "TLSv1.3", cipher: expect.stringMatching(/^TLS_\w+$/), bits: expect.any(Number) };
    expect(message?.received[0]).toMatchObject({ from: "out.example.com", ip_address: "127.0.0.1", for: "alice@example.org", tls: secured });
    expect(Math.abs(message?.received[0]?.delay_to_next_seconds as number)).toBeLessThan(5);
  });

  test.each([
    ["is not signed", "00a1b2", null, "none"],
    ["is signed with another key", "00a1b3", "other", "fail"],
  ])("a mail that %s", async (_what, token, signer, result) => {
    await send(token, {}, signer === null ? null : rsaKey("example.com", "s1").privateKey);
    const { output } = await receive(system.dovecot, "alice", { token, wait_ms: 10_000 });
    expect(output.messages[0]?.authentication.dkim).toBe(result);
  });

  test("an Authentication-Results field of the sender is ignored", async () => {
    await send("f0e1d2", { "Authentication-Results": "elsewhere.example; dkim=pass; spf=pass; dmarc=pass" }, null);
    const { output } = await receive(system.dovecot, "alice", { token: "f0e1d2", wait_ms: 10_000 });
    expect(output.messages[0]?.authentication).toMatchObject({ authserv_id: "mx.example.org", dkim: "none", dmarc: null });
    const trusting = await receive(system.dovecot, "alice", { token: "f0e1d2", authserv_ids: ["elsewhere.example"] });
    expect(trusting.output.messages[0]?.authentication).toMatchObject({ authserv_id: "elsewhere.example", dkim: "pass", dmarc: "pass" });
  });
});
