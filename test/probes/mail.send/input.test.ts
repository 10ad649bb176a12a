import { generateKeyPairSync } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { errorTypeOf } from "../../../probes/mail.send/error-type.js";
import { newest } from "../../../probes/mail.send/schema.js";
import { type SmtpServer, startSmtpServer } from "../../../runner/lab/smtp-server.js";
import { RequestError } from "../../../runner/support/request-error.js";
import { type FailureCode, failure, type Phase } from "../../../schemas/failure.js";
import { type SendInput, send } from "./send.js";

/** The check that this probe takes the place of, as it is stored. */
const STORED = {
  host: "smtp.home.example",
  port: 587,
  tls: "starttls",
  username: "monitor@xn--wersdrfer-47a.de",
  password_secret: "nyxmon_local_monitor_password",
  from_addr: "monitor@xn--wersdrfer-47a.de",
  to_addr: "mailmon@example.com",
  subject_prefix: "[nyxmon-outbound]",
  timeout: 30,
  retries: 2,
  retry_delay: 5,
};

test("an input of the former check is accepted unchanged, with its former defaults", () => {
  expect(newest.input.validator(structuredClone(STORED))).toBe(true);
  const { host, from_addr, to_addr, subject_prefix } = STORED;
  const least: Record<string, unknown> = { host, from_addr, to_addr, subject_prefix };
  expect(newest.input.validator(least)).toBe(true);
  expect(least).toMatchObject({
    port: 587,
    tls: "starttls",
    timeout: 30,
    retries: 2,
    retry_delay: 5,
    retry_schedule: "fixed",
    tls_options: { verify: "require" },
  });
});

let server: SmtpServer;
beforeAll(async () => {
  server = await startSmtpServer();
});
afterAll(() => server.close());

vi.stubEnv("MAIL_SEND_TEST_NO_KEY", "none");
const KEY = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();

async function violations(input: Record<string, unknown>): Promise<string[]> {
  const error = await send(server.port, input as SendInput).catch((reason: unknown) => reason);
  if (!(error instanceof RequestError)) throw new Error("it was not refused");
  return error.violations.map(({ pointer }) => pointer);
}

describe("an invalid input is reported with its pointer, and nothing is sent", () => {
  test.each<[Record<string, unknown>, string[]]>([
    [{ host: undefined, from_addr: undefined, to_addr: undefined, subject_prefix: undefined }, ["/host", "/from_addr", "/to_addr", "/subject_prefix"]],
    [{ subject_prefix: "" }, ["/subject_prefix"]],
    [{ tls: "ssl" }, ["/tls"]],
    [{ port: 0 }, ["/port"]],
    [{ port: "587" }, ["/port"]],
    [{ timeout: 0 }, ["/timeout"]],
    [{ retries: -1 }, ["/retries"]],
    [{ retry_delay: -1 }, ["/retry_delay"]],
    [{ username: "monitor" }, [""]],
    [{ username: "monitor", password: "one", password_secret: "TWO" }, [""]],
    [{ username: "monitor", password_secret: "no name" }, ["/password_secret"]],
    [{ from_addr: "a@example.org\r\nRCPT TO:<b@example.org>" }, ["/from_addr"]],
    [{ to_addr: "a@example.org\nx" }, ["/to_addr"]],
    [{ recipients: ["a@example.org\0"] }, ["/recipients/0"]],
    [{ subject_prefix: "x\r\nBcc: all@example.org" }, ["/subject_prefix"]],
    [{ headers: [{ name: "X-A", value: "b\r\nBcc: all@example.org" }] }, ["/headers/0/value"]],
    [{ attachments: [{ name: "a", text: "x", base64: "eA==" }] }, ["/attachments/0"]],
    [{ attachments: [{ name: "a.eml", type: "message/rfc822", text: "x" }] }, ["/attachments/0/type"]],
    [{ message_id: "<a b@example.org>" }, ["/message_id"]],
    [{ dsn: { envid: "a\r\nDATA" } }, ["/dsn/envid"]],
    [{ dsn: { notify: ["NEVER", "FAILURE"] } }, ["/dsn/notify"]],
    [{ password: "x" }, ["/username"]],
    [{ access_token: "x" }, ["/username"]],
    [{ from_addr: "a b@example.org" }, ["/from_addr"]],
    [{ recipients: ["x@example.org", "y@"] }, ["/recipients/1"]],
    [{ to_addr: "a@example.org, b@example.org" }, ["/to_addr"]],
    [{ to_addr: "friends: a@example.org;" }, ["/to_addr"]],
    [{ reply_to: "nobody" }, ["/reply_to"]],
    [{ headers: [{ name: "Subject", value: "x" }] }, ["/headers/0/name"]],
    [{ headers: [{ name: "X A", value: "x" }] }, ["/headers/0/name"]],
    [
      { headers: ["X-A", "return-path", "Resent-Bcc", "DKIM-Signature", "bcc"].map((name) => ({ name, value: "x" })) },
      [1, 2, 3, 4].map((at) => `/headers/${at}/name`),
    ],
    [{ dkim: [{ domain: "other.example", selector: "a", private_key: KEY }] }, ["/dkim"]],
    [{ dkim: [{ domain: "example.org", selector: "a", private_key: "none" }] }, ["/dkim/0/private_key"]],
    [{ dkim: [{ domain: "example.org", selector: "a", private_key: { secret: "env:MAIL_SEND_TEST_NO_KEY" } }] }, ["/dkim/0/private_key"]],
    [{ tls_options: { ca: "no certificate" } }, ["/tls_options/ca"]],
    [{ tls_options: { ca: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----" } }, ["/tls_options/ca"]],
  ])("%j", async (input, pointers) => {
    expect((await violations(input)).sort()).toEqual([...pointers].sort());
    expect(server.connections).toBe(0);
  });
});

test("display names are in the header, and the envelope has only the addresses", async () => {
  const output = await send(server.port, {
    from_addr: "Shop, Inc. <shop@example.org>".replace("Shop, Inc.", '"Shop, Inc."'),
    to_addr: "Zoë Q. Public <inbox@example.org>",
    recipients: ["<second@example.org>"],
    reply_to: "Service (the desk) <desk@example.org>",
  });
  expect(output).toMatchObject({ status: "ok", delivery: "accepted" });
  const { raw, from, recipients } = server.messages.at(-1) as (typeof server.messages)[number];
  expect([from, recipients]).toEqual(["shop@example.org", ["inbox@example.org", "second@example.org"]]);
  const header = `\r\n${raw.toString()}`.replace(/\r\n[ \t]+/g, " ");
  expect(header).toContain('\r\nFrom: "Shop, Inc." <shop@example.org>\r\n');
  expect(header).toContain("\r\nTo: =?UTF-8?Q?Zo=C3=AB_Q=2E_Public?= <inbox@example.org>, second@example.org\r\n");
  expect(header).toContain("\r\nReply-To: Service <desk@example.org>\r\n");
});

test("REQUIRETLS is sent with MAIL, or nothing is sent", async () => {
  const before = server.messages.length;
  const output = await send(server.port, { require_tls: true });
  expect(output).toMatchObject({ status: "error", error_type: "configuration_error", delivery: "not_sent", attempt_count: 1 });
  expect(output.failure?.message).toMatch(/^REQUIRETLS /);
  expect(server.messages.length).toBe(before);
});

test("a message is signed with every key, and the key appears nowhere", async () => {
  const keys = [generateKeyPairSync("ed25519"), generateKeyPairSync("rsa", { modulusLength: 2048 })];
  const pems = keys.map(({ privateKey }) => privateKey.export({ type: "pkcs8", format: "pem" }).toString());
  const output = await send(server.port, { dkim: pems.map((private_key, index) => ({ domain: "example.org", selector: `s${index}`, private_key })) });
  expect(output).toMatchObject({
    status: "ok",
    dkim: {
      signatures: [
        { selector: "s0", algorithm: "ed25519-sha256" },
        { selector: "s1", algorithm: "rsa-sha256" },
      ],
      problems: [],
    },
  });
  const message = server.messages.at(-1)?.raw.toString() ?? "";
  expect(message.match(/^DKIM-Signature: /gm)).toHaveLength(2);
  expect(message.length).toBe(output.message_size_bytes);
  expect(JSON.stringify(output)).not.toContain("PRIVATE KEY");
});

describe("the error type of the former check", () => {
  test.each<[Phase, FailureCode, number | null, string]>([
    ["greeting", "reply_rejected", 421, "temporary_failure"],
    ["greeting", "reply_rejected", 554, "smtp_error"],
    ["ehlo", "reply_rejected", 451, "temporary_failure"],
    ["starttls", "reply_rejected", 454, "temporary_failure"],
    ["starttls", "unsupported", null, "smtp_error"],
    ["auth", "reply_rejected", 535, "auth_error"],
    ["auth", "reply_rejected", 454, "auth_error"],
    ["auth", "unsupported", null, "auth_error"],
    ["auth", "not_permitted", null, "configuration_error"],
    ["auth", "closed", null, "connection_error"],
    ["mail", "reply_rejected", 550, "smtp_error"],
    ["mail", "limit_exceeded", null, "smtp_error"],
    ["rcpt", "reply_rejected", 450, "temporary_failure"],
    ["rcpt", "reply_rejected", 550, "recipient_refused"],
    ["rcpt", "closed", 421, "temporary_failure"],
    ["data", "reply_rejected", 554, "smtp_error"],
    ["data", "protocol_violation", null, "smtp_error"],
    ["data", "reset", null, "connection_error"],
    ["data", "timeout", null, "timeout"],
    ["resolve", "dns_not_found", null, "connection_error"],
    ["resolve", "timeout", null, "timeout"],
    ["connect", "refused", null, "connection_error"],
    ["connect", "not_permitted", null, "connection_error"],
    ["tls", "tls_certificate", null, "connection_error"],
    ["tls", "tls_protocol", null, "connection_error"],
    ["probe", "cancelled", null, "timeout"],
  ])("%s, %s, %j is %s", (phase, code, reply_code, expected) => {
    expect(errorTypeOf({ ...failure(phase, code, "x"), reply_code })).toBe(expected);
  });
});
