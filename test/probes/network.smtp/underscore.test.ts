import { expect, test } from "vitest";
import { run } from "../../../runner/harness/run.js";
import { startDnsServer } from "../../../runner/lab/dns-server.js";
import { startSmtpServer } from "../../../runner/lab/smtp-server.js";
import type { Violation } from "../../../runner/support/request-error.js";
import { RequestError } from "../../../runner/support/request-error.js";

const ZONE = "$ORIGIN example.org.\n@ 60 IN SOA ns hostmaster 1 60 60 60 60\n@ 60 IN NS ns\nmail_1 60 IN A 127.0.0.1\n";

test("a mail host whose name has an underscore, which MX records may name, is probed like any other", async () => {
  const [names, mail] = await Promise.all([startDnsServer({ zones: [ZONE] }), startSmtpServer()]);
  try {
    const input = { target_host: "mail_1.example.org", target_port: mail.port, resolver: { servers: names.servers } };
    const { output } = await run("network.smtp@2", input);
    expect(output).toMatchObject({ failure: null, target_host: "mail_1.example.org", ip_address: "127.0.0.1" });
  } finally {
    await Promise.all([names.close(), mail.close()]);
  }
});

async function violationsOf(probe: string, input: object): Promise<readonly Violation[]> {
  const error: unknown = await run(probe, input).catch((thrown: unknown) => thrown);
  return error instanceof RequestError ? error.violations : [];
}

test.each([
  ["network.smtp@2", { target_host: "127.0.0.1" }],
  ["network.lmtp", { target_host: "127.0.0.1" }],
  ["security.tls", { target_host: "127.0.0.1" }],
  ["mail.send", { host: "127.0.0.1", from_addr: "a@example.org", to_addr: "b@example.org", subject_prefix: "x" }],
  ["mail.rcpt", { email: "b@example.org" }],
  ["mail.deliver", { mail_from: "a@example.org", recipients: ["b@example.org"], fields: { text: "x" } }],
])("%s: a name for EHLO has none, and nothing is sent", async (probe, input) => {
  expect(await violationsOf(probe, { ...input, helo_domain: "probe_1.example.org" })).toEqual([
    { pointer: "/helo_domain", message: "must be a host name or an IP address", hint: "a name in EHLO has no underscore" },
  ]);
});
