import { generateKeyPairSync } from "node:crypto";
import { describe, expect, test, vi } from "vitest";
import type { newest } from "../../../probes/mail.deliver/schema.js";
import { run, runReport } from "../../../runner/harness/run.js";
import type { FilledOf } from "../../../schemas/contract.js";
import { closeAfterEach, inside, internet, MESSAGE } from "../../support/delivery.js";
import type { FakeInternet } from "../../support/fake-internet.js";

closeAfterEach();

type DeliverOutput = FilledOf<(typeof newest)["output"]>;

async function deliver(net: FakeInternet, recipients: readonly string[], more: Record<string, unknown> = {}): Promise<DeliverOutput> {
  const content = "message_base64" in more || "fields" in more ? {} : { message: MESSAGE };
  const { output } = await run("mail.deliver", { ...inside(net), mail_from: "ada@sender.example", recipients: [...recipients], ...content, ...more });
  return output as DeliverOutput;
}

const ONE = "one MX 10 mx";

describe("a run outside of a queue", () => {
  test("reports the outcome of each recipient, and leaves no connection open", async () => {
    const rcpt = (address: string): string => (address.startsWith("cem") ? "550 5.1.1 unknown" : "250 ok");
    const net = await internet(ONE, { mx: ["127.0.0.11", { rcpt }] });
    const output = await deliver(net, ["bob@one.example", "cem@one.example", "cem2@one.example"]);
    expect(output).toMatchObject({
      status: "error",
      ip_address: "127.0.0.11",
      message_id: "<1@sender.example>",
      failure: { phase: "rcpt", reply_code: 550, message: expect.stringContaining("2 of 3 recipients") },
      recipients: [{ outcome: "delivered" }, { outcome: "bounced", class: "address" }, { outcome: "bounced", class: "address" }],
    });
    expect(output.attempts[0]?.operations.map(({ name }) => name)).toEqual([
      "connect",
      "greeting",
      "EHLO",
      "MAIL",
      "RCPT",
      "RCPT",
      "RCPT",
      "DATA",
      "message",
      "QUIT",
    ]);
    expect(output.operations.map(({ name }) => name)).toEqual(expect.arrayContaining(["MX one.example", "A mx.example", "connect", "message", "QUIT"]));
    await expect.poll(() => net.host("mx").openSockets, { interval: 1 }).toBe(0);
  });

  test("is ok if all recipients were delivered to", async () => {
    const net = await internet(ONE, { mx: ["127.0.0.11", {}] });
    expect(await deliver(net, ["bob@one.example"])).toMatchObject({ status: "ok", failure: null, findings: [] });
  });

  test("reports when a temporary failure may be retried", async () => {
    const net = await internet(ONE, { mx: ["127.0.0.11", { rcpt: () => "450 4.2.0 greylisted" }] });
    const output = await deliver(net, ["bob@one.example"]);
    expect(output).toMatchObject({ status: "error", failure: { retryable: true } });
    expect(output.recipients[0]).toMatchObject({ outcome: "failed", class: "greylist", next: "may_be_tried", gives_up_at: null });
    expect(Date.parse(output.recipients[0]?.next_try_at as string)).toBeGreaterThan(Date.now() + 200_000);
  });

  test("composes the message from its fields", async () => {
    const net = await internet(ONE, { mx: ["127.0.0.11", {}] });
    const output = await deliver(net, ["bob@one.example"], { fields: { subject: "Grüße", text: "Hallo, Bob.", headers: [{ name: "X-Test", value: "1" }] } });
    const { text } = net.host("mx").messages[0] as { text: string };
    expect(text).toContain("From: ada@sender.example\r\n");
    expect(text).toContain("To: bob@one.example\r\n");
    expect(text).toMatch(/^X-Test: 1\r$/m);
    expect(text).toContain(`Message-ID: ${output.message_id}`);
  });

  test("accepts a message in base64", async () => {
    const net = await internet(ONE, { mx: ["127.0.0.11", {}] });
    const bytes = Buffer.from("Date: x\r\nMessage-ID: <1@a.example>\r\n\r\nlatin1: \xfc\r\n", "latin1");
    await deliver(net, ["bob@one.example"], { message_base64: bytes.toString("base64") });
    expect(net.host("mx").messages[0]?.text).toBe(bytes.toString("latin1"));
  });

  test("signs with each key, and reports it", async () => {
    const net = await internet(ONE, { mx: ["127.0.0.11", {}] });
    const key = (type: "rsa" | "ed25519") =>
      type === "rsa" ? generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey : generateKeyPairSync("ed25519").privateKey;
    const dkim = (["rsa", "ed25519"] as const).map((type) => ({
      domain: "sender.example",
      selector: type,
      private_key: key(type).export({ type: "pkcs8", format: "pem" }),
    }));
    const output = await deliver(net, ["bob@one.example"], { dkim });
    expect(output.dkim.signatures.map(({ selector, algorithm }) => [selector, algorithm])).toEqual([
      ["rsa", "rsa-sha256"],
      ["ed25519", "ed25519-sha256"],
    ]);
    expect(net.host("mx").messages[0]?.text.match(/^DKIM-Signature:/gm)).toHaveLength(2);
  });

  test("logs in to a relay, and its password appears nowhere in the result", async () => {
    const net = await internet(ONE, { mx: ["127.0.0.11", {}] });
    vi.stubEnv("RELAY_PASSWORD", "correct-horse");
    const relay = { host: "127.0.0.11", port: net.port, tls: { mode: "none" }, auth: { username: "ada", password: { secret: "env:RELAY_PASSWORD" } } };
    const { envelope } = await runReport("mail.deliver", {
      ...inside(net),
      mail_from: "ada@sender.example",
      recipients: ["bob@elsewhere.example"],
      message: MESSAGE,
      mode: "relay",
      relays: [relay],
    });
    vi.unstubAllEnvs();
    const output = envelope.output as DeliverOutput;
    expect(output.recipients[0]).toMatchObject({ outcome: "failed", class: "auth", way: "relay", next: "may_be_tried" });
    expect(JSON.stringify(envelope)).not.toContain("correct-horse");
  });

  test("sends nothing if sending is switched off", async () => {
    vi.stubEnv("SMTP_PROBES_ENABLED", "false");
    const net = await internet(ONE, { mx: ["127.0.0.11", {}] });
    const output = await deliver(net, ["bob@one.example"]);
    vi.unstubAllEnvs();
    expect(output.recipients[0]).toMatchObject({ outcome: "failed", class: "configuration", failure: { code: "not_permitted", retryable: true } });
    expect(net.host("mx").connections).toEqual([]);
  });

  test("ends at its deadline, with any servers", async () => {
    const net = await internet(`${ONE}\ntwo MX 10 slow`, { mx: ["127.0.0.11", {}], slow: ["127.0.0.12", { silentAt: "greeting" }] });
    const began = performance.now();
    const output = await deliver(net, ["bob@one.example", "cem@two.example"], { timeout_ms: 300, command_timeout_ms: 60_000 });
    expect(performance.now() - began).toBeLessThan(1500);
    expect(output.recipients.map(({ outcome }) => outcome)).toEqual(["delivered", "failed"]);
    await expect.poll(() => net.host("slow").openSockets + net.host("mx").openSockets).toBe(0);
  });
});
