import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { newest } from "../../../probes/network.smtp/schema.js";
import { run } from "../../../runner/harness/run.js";
import type { FilledOf, GivenOf } from "../../../schemas/contract.js";
import { testAuthority } from "../../support/certificates.js";
import { type Postfix, startPostfix } from "../../support/postfix.js";
import { realServer } from "../../support/real-servers.js";

type Input = Partial<GivenOf<(typeof newest)["input"]>>;
type Output = FilledOf<(typeof newest)["output"]>;

/** Postfix's own limit where nothing else is configured. */
const MESSAGE_SIZE_LIMIT = 10_240_000;
const TRUSTED = { servername: "mx.example.org", verify: "require", ca: testAuthority() } as const;

realServer("network.smtp against postfix", ["postfix", "dovecot"], () => {
  let postfix: Postfix;
  beforeAll(async () => {
    postfix = await startPostfix();
  });
  afterAll(() => postfix?.stop());

  async function probe(port: number, input: Input = {}, name = "network.smtp@2.0.0"): Promise<Output> {
    const { output } = await run(name, { target_host: "127.0.0.1", target_port: port, helo_domain: "probe.example.org", ...input });
    return output as Output;
  }

  const keywords = (output: Output): string[] => (output.capabilities ?? []).map(({ keyword }) => keyword);

  test("in plain text", async () => {
    const output = await probe(postfix.plain);
    expect(output).toMatchObject({
      status: "ok",
      failure: null,
      protocol: "ESMTP",
      starttls: "not_offered",
      tls: null,
      ip_address: "127.0.0.1",
      anomalies: [],
      findings: [],
    });
    expect(output.banner).toMatch(/^mx\.example\.org ESMTP/);
    expect(output.size).toEqual({ meaning: "limit", bytes: MESSAGE_SIZE_LIMIT, text: String(MESSAGE_SIZE_LIMIT) });
    expect(keywords(output)).toEqual(expect.arrayContaining(["PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES"]));
    expect(output.operations.map(({ name, code }) => [name, code])).toEqual([
      ["connect", null],
      ["greeting", 220],
      ["EHLO", 250],
      ["NOOP", 250],
      ["QUIT", 221],
    ]);
    expect(output.response_time_ms).toBe(output.operations.find(({ name }) => name === "NOOP")?.duration_ms);
  });

  test("by STARTTLS, with a certificate that is trusted", async () => {
    const output = await probe(postfix.starttls, { tls: { mode: "starttls", ...TRUSTED } });
    expect(output).toMatchObject({ status: "ok", starttls: "secured", tls: { version: "TLSv1.3", authorised: true, problems: [] }, anomalies: [] });
    expect(output.capabilities_before_tls?.map(({ keyword }) => keyword)).toContain("STARTTLS");
    expect(keywords(output)).not.toContain("STARTTLS");
  });

  test("by STARTTLS, with an untrusted certificate", async () => {
    const output = await probe(postfix.starttls, { tls: { mode: "starttls", verify: "require", servername: "mx.example.org" } });
    expect(output).toMatchObject({ status: "error", failure: { phase: "tls", code: "tls_certificate" }, tls: { authorised: false }, response_time_ms: null });
    expect(output.operations.at(-1)).toMatchObject({ name: "QUIT", code: 221 });
  });

  test("with TLS from the first byte", async () => {
    const output = await probe(postfix.implicit, { tls: { mode: "implicit", ...TRUSTED } });
    expect(output).toMatchObject({ status: "ok", starttls: "not_tried", tls: { authorised: true }, capabilities_before_tls: null });
    expect(output.operations.map(({ name }) => name)).toEqual(["connect", "TLS", "greeting", "EHLO", "NOOP", "QUIT"]);
  });

  test("with implicit TLS on a plain-text port, and the other way round", async () => {
    expect(await probe(postfix.plain, { tls: { mode: "implicit" } })).toMatchObject({
      failure: { phase: "tls", code: "tls_protocol" },
    });
    expect(await probe(postfix.implicit, { command_timeout_ms: 300 })).toMatchObject({ failure: { phase: "greeting", code: "timeout" } });
  });

  describe("with a login", () => {
    test.each(["PLAIN", "LOGIN", "CRAM-MD5", "auto"] as const)("by %s", async (mechanism) => {
      const output = await probe(postfix.submission, {
        tls: { mode: "starttls", ...TRUSTED },
        auth: { mechanism, username: "user", password: postfix.password },
      });
      expect(output).toMatchObject({ status: "ok", auth: { accepted: true } });
      expect(JSON.stringify(output)).not.toContain(postfix.password);
    });

    test("with a wrong password", async () => {
      const output = await probe(postfix.submission, { tls: { mode: "starttls", ...TRUSTED }, auth: { username: "user", password: "no-such-word" } });
      expect(output).toMatchObject({
        status: "error",
        failure: { phase: "auth", code: "reply_rejected", reply_code: 535, retryable: false },
        auth: { accepted: false },
      });
      expect(output.response_time_ms).not.toBeNull();
      expect(JSON.stringify(output)).not.toContain("no-such-word");
    });

    test("if none is offered", async () => {
      expect(await probe(postfix.plain, { auth: { username: "user", password: "x-y-z" } })).toMatchObject({ failure: { phase: "auth", code: "unsupported" } });
    });
  });

  test("a message is delivered", async () => {
    const subject = `delivered by a test, ${Date.now()}`;
    const output = await probe(postfix.submission, {
      tls: { mode: "starttls", ...TRUSTED },
      auth: { username: "user", password: postfix.password },
      send_message: { mail_from: "sender@example.org", rcpt_to: "inbox@example.org", subject, text: "one\n.\n..two\nGrüezi" },
    });
    expect(output).toMatchObject({ status: "ok", failure: null, sent_message: { accepted: true, delivery: "accepted" } });
    await expect.poll(() => postfix.delivered().find((message) => message.includes(subject))).toBeDefined();
    const message = postfix.delivered().find((each) => each.includes(subject)) as string;
    expect(message).toContain(`Message-ID: ${output.sent_message?.message_id}`);
    // Lines that begin with a dot arrive as they were written.
    expect(message).toMatch(/^one\r?\n\.\r?\n\.\.two\r?\n/m);
  });

  test("a recipient that it does not serve is refused, and nothing is sent", async () => {
    const output = await probe(postfix.plain, { send_message: { mail_from: "sender@example.org", rcpt_to: "someone@example.com" } });
    expect(output).toMatchObject({ status: "error", failure: { phase: "rcpt", code: "reply_rejected", reply_code: 554 } });
    expect(output.response_time_ms).not.toBeNull();
  });

  test("in the format of 1.0.0", async () => {
    const { output } = await run("network.smtp", { target_host: "127.0.0.1", target_port: String(postfix.starttls), send_email_flag: "False" });
    expect(output).toMatchObject({ ehlo_op: { status_code: "250", SIZE: "9.765625 MB" }, noop_op: { status_code: "250" }, quit_op: { status_code: "221" } });
  });

  test("a hundred at once", async () => {
    const outputs = await Promise.all(Array.from({ length: 100 }, () => probe(postfix.plain)));
    expect(outputs.filter(({ status }) => status !== "ok").map(({ failure }) => failure)).toEqual([]);
  });
});
