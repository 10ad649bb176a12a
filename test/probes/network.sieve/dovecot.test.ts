import { afterAll, beforeAll, expect, test } from "vitest";
import lab from "../../../probes/network.sieve/lab.js";
import { runReport } from "../../../runner/harness/run.js";
import { testAuthority } from "../../support/certificates.js";
import { type Dovecot, startDovecot } from "../../support/dovecot.js";
import { realServer } from "../../support/real-servers.js";

const STARTTLS = { mode: "starttls", servername: "mx.example.org", verify: "require", ca: testAuthority() };

realServer("network.sieve against dovecot", ["dovecot", "dovecot-managesieved"], () => {
  let dovecot: Dovecot;
  beforeAll(async () => {
    dovecot = await startDovecot();
  });
  afterAll(() => dovecot?.stop());

  const probe = async (input: object) => (await runReport("network.sieve@1.0.0", { target_host: "127.0.0.1", target_port: dovecot.sieve, ...input })).carried;

  test("in plain text, without a login", async () => {
    const output = await probe({ tls: { mode: "none" }, expect: { extensions: ["vacation"], starttls: true } });
    expect(output).toMatchObject({ status: "ok", failure: null, tls: null, auth: null, anomalies: [], findings: [] });
    expect(output.operations.map(({ name }) => name)).toEqual(["connect", "greeting", "NOOP", "LOGOUT"]);
  });

  test.each(["auto", "SCRAM-SHA-256", "CRAM-MD5", "PLAIN", "LOGIN"])("inside TLS, with a login by %s", async (mechanism) => {
    const auth = { mechanism, username: "alice", password: "correct-horse" };
    const output = await probe({ tls: STARTTLS, auth, expect: { auth_mechanisms: ["PLAIN"] } });
    expect(output).toMatchObject({ status: "ok", failure: null, starttls: "secured", auth: { accepted: true }, findings: [] });
    const refused = await probe({ tls: STARTTLS, auth: { ...auth, password: "no-such-word" } });
    expect(refused).toMatchObject({ failure: { phase: "auth", code: "reply_rejected" }, auth: { accepted: false } });
  });
});

test("every server of the lab is fine", async () => {
  const running = await lab.start(() => 0);
  try {
    for (const { input } of running.servers)
      expect((await runReport("network.sieve", input)).carried).toMatchObject({ status: "ok", failure: null, anomalies: [] });
  } finally {
    await running.close();
  }
});
