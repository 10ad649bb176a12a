import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Output } from "../../../probes/mail.receive/schema.js";
import type { Output as VerifyOutput } from "../../../probes/mail.verify/schema.js";
import { run } from "../../../runner/harness/run.js";
import { startDnsServer } from "../../../runner/lab/dns-server.js";
import { type ImapServer, LAB_ACCOUNT, startImapServer } from "../../../runner/lab/imap-server.js";
import { MailStore } from "../../../runner/lab/store/mail-store.js";
import { givenKeys } from "../../../runner/mail/dkim/given-keys.js";
import { keyRecord } from "../../../runner/mail/dkim/key-record.js";
import { makeKey } from "../../../runner/mail/dkim/make-key.js";
import { createSigner } from "../../../runner/mail/dkim/signer.js";

const FROM_OUTSIDE = "Received: from mx.signed.example (mx.signed.example [192.0.2.1]) by mx.inbox.example with ESMTP; Fri, 20 Nov 2026 10:00:01 +0000\r\n";
/** Written by the sender, below that of the own server: it must not be believed. */
const INVENTED = "Received: from good.example (good.example [198.51.100.1]) by mx.inbox.example.evil.example with ESMTP; Fri, 20 Nov 2026 09:00:00 +0000\r\n";
const MESSAGE = "From: Ann <ann@signed.example>\r\nTo: bob@inbox.example\r\nSubject: token-1234\r\nMessage-ID: <1@signed.example>\r\n\r\nHello.\r\n";

let dns: Awaited<ReturnType<typeof startDnsServer>>;
let signed: Buffer;
const open: ImapServer[] = [];
beforeAll(async () => {
  const privateKey = await makeKey("ed25519", 0);
  const pem = privateKey.export({ type: "pkcs8", format: "pem" }) as string;
  const signer = createSigner({ keys: givenKeys([{ domain: "signed.example", selector: "s", privateKey: pem }]) });
  const { header } = await signer.sign(Buffer.from(MESSAGE));
  signed = Buffer.concat([Buffer.from(`Return-Path: <ann@signed.example>\r\n${FROM_OUTSIDE}${INVENTED}`), header, Buffer.from(MESSAGE)]);
  const zone = [
    "$ORIGIN example.",
    "@ SOA ns hostmaster 1 3600 600 86400 60",
    'signed TXT "v=spf1 ip4:192.0.2.1 -all"',
    '_dmarc.signed TXT "v=DMARC1; p=reject"',
    `s._domainkey.signed TXT "${keyRecord(privateKey)}"`,
    "",
  ].join("\n");
  dns = await startDnsServer({ zones: [zone] });
});
afterAll(() => dns.close());
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

async function receive(messages: readonly Buffer[], more: object = {}): Promise<Output> {
  const store = new MailStore();
  for (const each of messages) store.inbox.add(each);
  const server = await startImapServer({ store });
  open.push(server);
  const input = {
    host: "127.0.0.1",
    port: server.port,
    tls_mode: "none",
    ...LAB_ACCOUNT,
    auth: { allow_plaintext: true },
    token: "token-1234",
    retries: 0,
    resolver: { servers: dns.servers },
    ...more,
  };
  return (await run("mail.receive", input)).output as Output;
}

describe("mail.receive with verify", () => {
  test("a message that was found is verified as mail.verify does it, by the address that a trusted host wrote", async () => {
    const output = await receive([signed], { verify: true, trusted_hosts: ["mx.inbox.example"] });
    expect(output).toMatchObject({ failure: null, status: "ok" });
    const verification = output.messages[0]?.verification;
    expect(verification).toMatchObject({
      received: { ip: "192.0.2.1", mail_from: "ann@signed.example", source: "received", at: "2026-11-20T10:00:01.000Z" },
      spf: { result: "pass", domain: "signed.example" },
      dkim: [{ result: "pass", is_aligned: true }],
      dmarc: { result: "pass", policy: "reject" },
      arc: { result: "none" },
    });
    const {
      status: _,
      failure: __,
      ip_address: ___,
      connected_time: ____,
      operations: _____,
      duration_ms: ______,
      ...own
    } = (await run("mail.verify", { message_base64: signed.toString("base64"), trusted_hosts: ["mx.inbox.example"], resolver: { servers: dns.servers } }))
      .output as VerifyOutput;
    expect(verification).toEqual(own);
    expect(output.operations.map(({ name }) => name).filter((name) => name.startsWith("verify "))).not.toEqual([]);
  });

  test("without trusted hosts there is no SPF, and DKIM decides", async () => {
    const output = await receive([signed], { verify: true });
    expect(output.messages[0]?.verification).toMatchObject({ spf: { result: "not_evaluated" }, dmarc: { result: "pass", aligned: [{ method: "dkim" }] } });
  });

  test("a message whose body was changed fails DMARC, and so does the run", async () => {
    const changed = Buffer.from(signed.toString("latin1").replace("Hello.", "Hullo.").replaceAll("192.0.2.1", "203.0.113.7"), "latin1");
    const output = await receive([changed], { verify: true, trusted_hosts: ["mx.inbox.example"] });
    expect(output).toMatchObject({ status: "error", failure: null });
    expect(output.findings.map(({ reason }) => reason)).toEqual(expect.arrayContaining(["dmarc_fail", "spf_fail"]));
    expect(output.messages[0]?.verification?.dkim[0]).toMatchObject({ result: "fail" });
  });

  test("without it nothing is verified, and no name server is asked", async () => {
    const output = await receive([signed], { resolver: { servers: ["127.0.0.1:1"] } });
    expect(output).toMatchObject({ status: "ok", failure: null });
    expect(output.messages[0]?.verification).toBeNull();
  });

  test("it happens before the message is deleted", async () => {
    const output = await receive([signed], { verify: true, delete_after_check: true });
    expect(output.deleted_uids).toEqual([1]);
    expect(output.messages[0]?.verification?.dmarc.result).toBe("pass");
  });

  test("a name server that does not answer leaves the message found, with temperror", async () => {
    const output = await receive([signed], { verify: true, resolver: { servers: ["127.0.0.1:1"] } });
    expect(output).toMatchObject({ status: "warning", failure: null, matched: 1 });
    expect(output.messages[0]?.verification).toMatchObject({ dmarc: { result: "temperror" } });
  });
});
