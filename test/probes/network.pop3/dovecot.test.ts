import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { newest } from "../../../probes/network.pop3/schema.js";
import { run } from "../../../runner/harness/run.js";
import type { FilledOf, GivenOf } from "../../../schemas/contract.js";
import { testAuthority } from "../../support/certificates.js";
import { type Dovecot, startDovecot } from "../../support/dovecot.js";
import { realServer } from "../../support/real-servers.js";

type Input = Partial<GivenOf<(typeof newest)["input"]>>;
type Output = FilledOf<(typeof newest)["output"]>;

const TRUSTED = { servername: "mx.example.org", verify: "require", ca: testAuthority() } as const;

realServer("network.pop3 against dovecot", ["dovecot", "dovecot-pop3"], () => {
  let dovecot: Dovecot;
  beforeAll(async () => {
    dovecot = await startDovecot();
    for (const subject of ["one", "two"]) dovecot.put("alice", `Subject: ${subject}\r\n\r\nhello\r\n`);
  });
  afterAll(() => dovecot?.stop());

  async function probe(port: number, input: Input = {}): Promise<Output> {
    const { output } = await run("network.pop3@1.0.0", { target_host: "127.0.0.1", target_port: port, ...input });
    return output as Output;
  }

  const names = (output: Output): string[] => output.operations.map(({ name }) => name);

  test("in plain text, without a login", async () => {
    const output = await probe(dovecot.pop3, { tls: { mode: "none" } });
    expect(output).toMatchObject({ status: "ok", failure: null, offers_apop: true, tls: null, auth: null, mailbox: null, anomalies: [], findings: [] });
    expect(output.banner).toContain("Dovecot");
    expect(output.capabilities?.map(({ keyword }) => keyword)).toEqual(expect.arrayContaining(["STLS", "UIDL", "USER", "SASL"]));
    expect(names(output)).toEqual(["connect", "greeting", "CAPA", "QUIT"]);
    expect(output.operations.slice(1).every(({ code, message }) => code === null && message?.startsWith("+OK"))).toBe(true);
    expect(output.response_time_ms).toBe(output.operations.find(({ name }) => name === "CAPA")?.duration_ms);
  });

  test("by STLS, with a certificate that is trusted", async () => {
    const output = await probe(dovecot.pop3, { tls: { mode: "starttls", ...TRUSTED } });
    expect(output).toMatchObject({ status: "ok", starttls: "secured", tls: { version: "TLSv1.3", authorised: true, problems: [] }, anomalies: [] });
    expect(output.capabilities_before_tls?.map(({ keyword }) => keyword)).toContain("STLS");
    expect(names(output)).toEqual(["connect", "greeting", "CAPA", "STLS", "TLS", "CAPA", "QUIT"]);
  });

  test("with TLS from the first byte", async () => {
    const output = await probe(dovecot.pop3s, { tls: { mode: "implicit", ...TRUSTED } });
    expect(output).toMatchObject({ status: "ok", starttls: "not_tried", tls: { authorised: true } });
  });

  test("with TLS where it speaks plain text", async () => {
    expect(await probe(dovecot.pop3, { tls: { mode: "implicit" }, command_timeout_ms: 2000 })).toMatchObject({
      failure: { phase: "tls", code: "tls_protocol" },
    });
  });

  describe("with a login", () => {
    test.each(["auto", "SCRAM-SHA-256", "CRAM-MD5", "APOP", "PLAIN", "LOGIN", "USER"] as const)("by %s", async (mechanism) => {
      const output = await probe(dovecot.pop3s, { tls: { mode: "implicit", ...TRUSTED }, auth: { mechanism, username: "alice", password: "correct-horse" } });
      expect(output).toMatchObject({ status: "ok", auth: { accepted: true }, mailbox: { messages: 2, size_bytes: 46 } });
      expect(output.response_time_ms).toBe(output.operations.find(({ name }) => name === "NOOP")?.duration_ms);
      expect(output.capabilities_after_login).not.toBeNull();
      expect(JSON.stringify(output)).not.toContain("correct-horse");
      // Counting deletes nothing.
      expect(dovecot.messages("alice")).toHaveLength(2);
    });

    test("with a wrong password", async () => {
      const output = await probe(dovecot.pop3, { tls: { mode: "starttls", ...TRUSTED }, auth: { username: "alice", password: "no-such-word" } });
      expect(output).toMatchObject({
        status: "error",
        failure: { phase: "auth", code: "reply_rejected", message: expect.stringMatching(/^-ERR/), reply_code: null, retryable: false },
        auth: { accepted: false },
        mailbox: null,
      });
      expect(JSON.stringify(output)).not.toContain("no-such-word");
    });

    test("in the clear, by what shows no password", async () => {
      const output = await probe(dovecot.pop3, { tls: { mode: "none" }, auth: { mechanism: "APOP", username: "alice", password: "correct-horse" } });
      expect(output).toMatchObject({ status: "ok", auth: { mechanism: "APOP", accepted: true } });
    });
  });
});
