import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { newest } from "../../../probes/network.imap/schema.js";
import { run } from "../../../runner/harness/run.js";
import type { FilledOf, GivenOf } from "../../../schemas/contract.js";
import { testAuthority } from "../../support/certificates.js";
import { type Dovecot, startDovecot } from "../../support/dovecot.js";
import { realServer } from "../../support/real-servers.js";

type Input = Partial<GivenOf<(typeof newest)["input"]>>;
type Output = FilledOf<(typeof newest)["output"]>;

const TRUSTED = { servername: "mx.example.org", verify: "require", ca: testAuthority() } as const;

realServer("network.imap against dovecot", ["dovecot", "dovecot-imap"], () => {
  let dovecot: Dovecot;
  beforeAll(async () => {
    dovecot = await startDovecot();
  });
  afterAll(() => dovecot?.stop());

  async function probe(port: number, input: Input = {}): Promise<Output> {
    const { output } = await run("network.imap@1.0.0", { target_host: "127.0.0.1", target_port: port, ...input });
    return output as Output;
  }

  const steps = (output: Output): [string, string][] => output.operations.map(({ name, message }) => [name, message?.split(" ", 1)[0] ?? ""]);

  test("in plain text", async () => {
    const output = await probe(dovecot.imap, { tls: { mode: "none" } });
    expect(output).toMatchObject({
      status: "ok",
      failure: null,
      greeting: "ok",
      versions: ["IMAP4REV1"],
      starttls: "not_tried",
      tls: null,
      anomalies: [],
      findings: [],
    });
    expect(output.banner).toContain("Dovecot");
    expect(output.capabilities).toEqual(expect.arrayContaining(["STARTTLS", "AUTH=PLAIN", "SASL-IR", "IDLE"]));
    expect(steps(output)).toEqual([
      ["connect", "127.0.0.1"],
      ["greeting", "OK"],
      ["CAPABILITY", "OK"],
      ["NOOP", "OK"],
      ["LOGOUT", "OK"],
    ]);
    expect(output.operations.every(({ code }) => code === null)).toBe(true);
    expect(output.response_time_ms).toBe(output.operations.find(({ name }) => name === "NOOP")?.duration_ms);
  });

  test("by STARTTLS, with a certificate that is trusted", async () => {
    const output = await probe(dovecot.imap, { tls: { mode: "starttls", ...TRUSTED } });
    expect(output).toMatchObject({ status: "ok", starttls: "secured", tls: { version: "TLSv1.3", authorised: true, problems: [] }, anomalies: [] });
    expect(output.capabilities_before_tls).toContain("STARTTLS");
    expect(output.capabilities).not.toContain("STARTTLS");
    expect(steps(output).map(([name]) => name)).toEqual(["connect", "greeting", "CAPABILITY", "STARTTLS", "TLS", "CAPABILITY", "NOOP", "LOGOUT"]);
  });

  test("by STARTTLS, with an untrusted certificate", async () => {
    const output = await probe(dovecot.imap, { tls: { mode: "starttls", verify: "require", servername: "mx.example.org" } });
    expect(output).toMatchObject({ status: "error", failure: { phase: "tls", code: "tls_certificate" }, tls: { authorised: false }, response_time_ms: null });
    expect(steps(output).at(-1)).toEqual(["LOGOUT", "OK"]);
  });

  test("with TLS from the first byte", async () => {
    const output = await probe(dovecot.imaps, { tls: { mode: "implicit", ...TRUSTED } });
    expect(output).toMatchObject({ status: "ok", starttls: "not_tried", tls: { authorised: true }, capabilities_before_tls: null });
    expect(steps(output).map(([name]) => name)).toEqual(["connect", "TLS", "greeting", "CAPABILITY", "NOOP", "LOGOUT"]);
  });

  test("with TLS where it speaks plain text, and the other way round", async () => {
    expect(await probe(dovecot.imap, { tls: { mode: "implicit" }, command_timeout_ms: 2000 })).toMatchObject({
      failure: { phase: "tls", code: "tls_protocol" },
    });
    expect(await probe(dovecot.imaps, { command_timeout_ms: 300 })).toMatchObject({ failure: { phase: "greeting", code: "timeout" } });
  });

  describe("with a login", () => {
    test.each(["auto", "SCRAM-SHA-256", "CRAM-MD5", "PLAIN", "LOGIN"] as const)("by %s", async (mechanism) => {
      const output = await probe(dovecot.imap, { tls: { mode: "starttls", ...TRUSTED }, auth: { mechanism, username: "alice", password: "correct-horse" } });
      expect(output).toMatchObject({ status: "ok", auth: { accepted: true } });
      expect(output.capabilities_after_login).toEqual(expect.arrayContaining(["UIDPLUS", "MOVE"]));
      expect(output.capabilities).not.toContain("UIDPLUS");
      expect(JSON.stringify(output)).not.toContain("correct-horse");
    });

    test("with a wrong password", async () => {
      const output = await probe(dovecot.imap, { tls: { mode: "starttls", ...TRUSTED }, auth: { username: "alice", password: "no-such-word" } });
      expect(output).toMatchObject({
        status: "error",
        failure: { phase: "auth", code: "reply_rejected", message: expect.stringMatching(/^NO \[AUTHENTICATIONFAILED\]/), reply_code: null, retryable: false },
        auth: { accepted: false },
      });
      expect(output.response_time_ms).not.toBeNull();
      expect(JSON.stringify(output)).not.toContain("no-such-word");
    });

    test("by a mechanism that is not offered", async () => {
      const output = await probe(dovecot.imap, { auth: { mechanism: "XOAUTH2", username: "alice", access_token: "x-y-z", allow_plaintext: true } });
      expect(output).toMatchObject({ failure: { phase: "auth", code: "unsupported" }, auth: { mechanism: null, accepted: false } });
    });
  });

  test("what is expected is looked for after the login", async () => {
    const wishes = { capabilities: ["UIDPLUS"], auth_mechanisms: ["PLAIN", "LOGIN"], starttls: true };
    expect(
      await probe(dovecot.imap, { tls: { mode: "starttls", ...TRUSTED }, auth: { username: "alice", password: "correct-horse" }, expect: wishes }),
    ).toMatchObject({ findings: [] });
    expect((await probe(dovecot.imap, { tls: { mode: "none" }, expect: wishes })).findings.map(({ reason }) => reason)).toEqual(["capability_missing"]);
  });

  test("a server that has stopped", async () => {
    const stopped = await startDovecot();
    await stopped.stop();
    expect(await probe(stopped.imap)).toMatchObject({ status: "error", failure: { phase: "connect", code: "refused", retryable: true } });
  });
});
