import { afterAll, beforeAll, expect, test } from "vitest";
import lab from "../../../probes/network.pop3/lab.js";
import type { RunningLab } from "../../../runner/harness/define-lab.js";
import { runReport } from "../../../runner/harness/run.js";

let running: RunningLab;
beforeAll(async () => {
  running = await lab.start(() => 0);
});
afterAll(() => running.close());

test.each([
  ["plain", { starttls: "not_offered", offers_apop: false }],
  ["starttls", { starttls: "secured" }],
  ["implicit", { tls: { version: "TLSv1.3" } }],
  ["auth", { auth: { accepted: true }, mailbox: { messages: 0 } }],
  ["apop", { auth: { mechanism: "APOP", accepted: true }, tls: null }],
])("the lab's server %s is fine", async (name, expected) => {
  const { carried } = await runReport("network.pop3", running.servers.find((server) => server.name === name)?.input ?? {});
  expect(carried).toMatchObject({ status: "ok", failure: null, anomalies: [], ...expected });
});

const auth = (mechanism: string, password = "lab-password") => ({ auth: { mechanism, username: "lab", password } });

test.each(["auto", "SCRAM-SHA-256", "CRAM-MD5", "APOP", "PLAIN", "LOGIN", "USER"])("it accepts the right password only, by %s", async (mechanism) => {
  const input = running.servers.find(({ name }) => name === "implicit")?.input ?? {};
  expect((await runReport("network.pop3", { ...input, ...auth(mechanism) })).carried).toMatchObject({ failure: null, auth: { accepted: true } });
  expect((await runReport("network.pop3", { ...input, ...auth(mechanism, "no-such-word") })).carried).toMatchObject({
    failure: { phase: "auth", code: "reply_rejected", message: "-ERR [AUTH] user name or password is wrong" },
  });
});

test("its access token is its password", async () => {
  const input = running.servers.find(({ name }) => name === "implicit")?.input ?? {};
  const token = { auth: { username: "lab", access_token: "lab-password" } };
  expect((await runReport("network.pop3", { ...input, ...token })).carried).toMatchObject({ failure: null, auth: { mechanism: "XOAUTH2" } });
});

test("it takes no password in the clear where it speaks TLS", async () => {
  const input = running.servers.find(({ name }) => name === "starttls")?.input ?? {};
  const { carried } = await runReport("network.pop3", { ...input, tls: { mode: "none" }, auth: { ...auth("USER").auth, allow_plaintext: true } });
  expect(carried).toMatchObject({ failure: { phase: "auth", code: "unsupported" } });
});
