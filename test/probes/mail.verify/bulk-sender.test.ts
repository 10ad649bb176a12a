import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Output } from "../../../probes/mail.verify/schema.js";
import { run } from "../../../runner/harness/run.js";
import { startDnsServer } from "../../../runner/lab/dns-server.js";
import { givenKeys } from "../../../runner/mail/dkim/given-keys.js";
import { keyRecord } from "../../../runner/mail/dkim/key-record.js";
import { makeKey } from "../../../runner/mail/dkim/make-key.js";
import { createSigner } from "../../../runner/mail/dkim/signer.js";

const REVERSE = `$ORIGIN 2.0.192.in-addr.arpa.
@ SOA ns.shop.example. hostmaster.shop.example. 1 3600 600 86400 60
1 PTR mx.shop.example.
2 PTR other.shop.example.
`;

const ONE_CLICK = ["List-Unsubscribe: <mailto:u@shop.example>, <https://shop.example/u?1>", "List-Unsubscribe-Post: List-Unsubscribe=One-Click"];
const USUAL = ["From: Shop <a@shop.example>", "To: b@inbox.example", "Subject: offer", "Date: Fri, 20 Nov 2026 10:00:00 +0000", "Message-ID: <1@shop.example>"];

let dns: Awaited<ReturnType<typeof startDnsServer>>;
let sign: (message: string) => Promise<string>;
beforeAll(async () => {
  const key = await makeKey("rsa", 1024).catch(() => makeKey("rsa", 2048));
  const signer = createSigner({
    keys: givenKeys([{ domain: "shop.example", selector: "s", privateKey: key.export({ type: "pkcs8", format: "pem" }) as string }]),
  });
  sign = async (message) => `${(await signer.sign(Buffer.from(message))).header.toString("latin1")}${message}`;
  const zone = [
    "$ORIGIN example.",
    "@ SOA ns hostmaster 1 3600 600 86400 60",
    'shop TXT "v=spf1 ip4:192.0.2.0/24 -all"',
    '_dmarc.shop TXT "v=DMARC1; p=none"',
    "mx.shop A 192.0.2.1",
    "other.shop A 198.51.100.1",
    `s._domainkey.shop TXT "${keyRecord(key).replace(/(.{200})/g, '$1" "')}"`,
    "",
  ].join("\n");
  dns = await startDnsServer({ zones: [zone, REVERSE] });
});
afterAll(() => dns.close());

interface Case {
  readonly fields?: readonly string[];
  readonly ip?: string | null;
  readonly protocol?: string;
  readonly isSigned?: boolean;
  readonly servers?: readonly string[];
}

async function rulesOf({
  fields = USUAL,
  ip = "192.0.2.1",
  protocol = "ESMTPS",
  isSigned = true,
  servers = dns.servers,
}: Case): Promise<Output["bulk_sender"]> {
  const plain = `${fields.join("\r\n")}\r\n\r\nHello.\r\n`;
  const received =
    ip === null ? "" : `Received: from mx.shop.example (mx.shop.example [${ip}]) by mx.inbox.example with ${protocol}; Fri, 20 Nov 2026 10:00:01 +0000\r\n`;
  const message = `Return-Path: <a@shop.example>\r\n${received}${isSigned ? await sign(plain) : plain}`;
  const { output } = await run("mail.verify", { message, trusted_hosts: ["mx.inbox.example"], resolver: { servers }, cache: "off" });
  return (output as Output).bulk_sender;
}

describe("the rules of Gmail, Yahoo and Outlook.com for senders", () => {
  test("a message that keeps to all of them", async () => {
    expect(await rulesOf({ fields: [...USUAL, ...ONE_CLICK] })).toEqual({
      spf_or_dkim: "yes",
      spf_and_dkim: "yes",
      dmarc_record: "yes",
      dmarc_pass: "yes",
      aligned: "yes",
      reverse_dns: "yes",
      tls: "yes",
      message_format: "yes",
      from_domain_exists: "yes",
      one_click_unsubscribe: "yes",
      dkim_key_bits: "yes",
    });
  });

  test.each<[string, Case, Partial<Output["bulk_sender"]>]>([
    ["a name of another address", { ip: "192.0.2.2" }, { reverse_dns: "no", spf_or_dkim: "yes" }],
    ["an address without a name", { ip: "192.0.2.3" }, { reverse_dns: "no" }],
    ["an address that SPF does not name", { ip: "198.51.100.1" }, { spf_or_dkim: "yes", spf_and_dkim: "no", dmarc_pass: "yes" }],
    ["no TLS", { protocol: "ESMTP" }, { tls: "no" }],
    ["a protocol that says nothing", { protocol: "local" }, { tls: "unknown" }],
    ["no trusted Received field", { ip: null }, { reverse_dns: "unknown", tls: "unknown", spf_or_dkim: "yes", spf_and_dkim: "unknown" }],
    [
      "no signature and no trusted Received field",
      { ip: null, isSigned: false },
      { spf_or_dkim: "unknown", spf_and_dkim: "no", dmarc_pass: "unknown", aligned: "unknown" },
    ],
    ["no signature", { isSigned: false }, { spf_or_dkim: "yes", spf_and_dkim: "no", aligned: "yes", dkim_key_bits: "no" }],
    ["no Date", { fields: USUAL.filter((field) => !field.startsWith("Date")) }, { message_format: "no" }],
    ["two subjects", { fields: [...USUAL, "Subject: again"] }, { message_format: "no" }],
    ["two From", { fields: [...USUAL, "From: c@other.example"], isSigned: false }, { message_format: "no", dmarc_pass: "no", dmarc_record: "no" }],
    [
      "a From whose domain does not exist",
      { fields: ["From: a@gone.example", ...USUAL.slice(1)], isSigned: false },
      { from_domain_exists: "no", dmarc_record: "no" },
    ],
    ["one-click without a signature", { fields: [...USUAL, ...ONE_CLICK], isSigned: false }, { one_click_unsubscribe: "no" }],
    [
      "an unsubscribe address without https",
      { fields: [...USUAL, ONE_CLICK[0]?.replace("https", "http") as string, ONE_CLICK[1] as string] },
      { one_click_unsubscribe: "no" },
    ],
  ])("%s", async (_title, given, expected) => {
    expect(await rulesOf(given)).toMatchObject(expected);
  });

  test("no name server answers: what depends on it is unknown, neither yes nor no", async () => {
    expect(await rulesOf({ servers: ["127.0.0.1:1"] })).toMatchObject({
      spf_or_dkim: "unknown",
      spf_and_dkim: "unknown",
      dmarc_record: "unknown",
      dmarc_pass: "unknown",
      aligned: "unknown",
      reverse_dns: "unknown",
      from_domain_exists: "unknown",
      tls: "yes",
      message_format: "yes",
    });
  });
});
