import { createHash } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { playTranscript } from "../../../../runner/lab/transcript-server.js";
import { capa, noop, quit, stat, stls } from "../../../../runner/net/pop3/commands.js";
import { logIn } from "../../../../runner/net/pop3/login.js";
import { Pop3Session } from "../../../../runner/net/pop3/session.js";
import { FailureError } from "../../../../runner/run/failure-error.js";
import type { Pop3AuthInput, Pop3Method } from "../../../../schemas/pop3.js";
import { allCertificates, testAuthority } from "../../../support/certificates.js";
import { type Dovecot, startDovecot } from "../../../support/dovecot.js";
import { greetedPop3 } from "../../../support/pop3-context.js";
import { realServer } from "../../../support/real-servers.js";
import { TEST_TIMEOUTS, type TestRun, testRun } from "../../../support/smtp-context.js";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

const AUTH: Pop3AuthInput = { mechanism: "auto", username: "alice", password: "correct-horse", allow_plaintext: true };
const b64 = (text: string): string => Buffer.from(text).toString("base64");

/** A session whose server has greeted and plays the rest. */
async function greeted(rest: string, run = testRun(), greeting = "+OK ready"): Promise<Pop3Session> {
  const server = await playTranscript(`S: ${greeting}\n${rest}`, { certificates: allCertificates() });
  open.push({
    async close() {
      await server.close();
      expect(server.mismatches.map(({ message }) => message)).toEqual([]);
    },
  });
  const session = await greetedPop3(run, server);
  open.push(session);
  return session;
}

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(FailureError);
  return (error as FailureError).failure;
}

describe("a conversation", () => {
  test("has one operation each for CAPA, STAT and QUIT", async () => {
    const run = testRun();
    const session = await greeted("C: CAPA\nS: +OK list\nS: TOP\nS: SASL PLAIN\nS: .\nC: STAT\nS: +OK 2 320\nC: NOOP\nS: +OK\nC: QUIT\nS: +OK bye", run);
    await capa(session);
    expect(session.capabilities).toEqual([
      { keyword: "TOP", parameters: [] },
      { keyword: "SASL", parameters: ["PLAIN"] },
    ]);
    expect(await stat(session)).toEqual({ messages: 2, size_bytes: 320 });
    await noop(session);
    await quit(session);
    expect(run.state.recorder.operations.map(({ name, code, message }) => [name, code, message]).slice(1)).toEqual([
      ["greeting", null, "+OK ready"],
      ["CAPA", null, "+OK list\nTOP\nSASL PLAIN"],
      ["STAT", null, "+OK 2 320"],
      ["NOOP", null, "+OK"],
      ["QUIT", null, "+OK bye"],
    ]);
    expect(run.trace.find(({ text }) => text.startsWith("+OK list"))?.text).toBe("+OK list\nTOP\nSASL PLAIN\n.");
  });

  test("an invalid STAT reply is a violation", async () => {
    expect(await failureOf(stat(await greeted("C: STAT\nS: +OK many")))).toMatchObject({ phase: "command", code: "protocol_violation" });
  });

  test("a -ERR without a command ends the session, anything else is a violation", async () => {
    const session = await greeted("S: -ERR autologout\n@expect-close");
    await expect.poll(() => session.farewell, { interval: 5 }).not.toBeNull();
    expect(await failureOf(noop(session))).toMatchObject({ code: "closed", message: "the server has ended the session: -ERR autologout" });
    const other = await greeted("S: +OK surprise\n@expect-close");
    await expect.poll(() => other.connection.broken, { interval: 5 }).not.toBeNull();
    expect(await failureOf(noop(other))).toMatchObject({ code: "protocol_violation", message: "an unexpected reply: +OK surprise" });
  });

  test("an unexpected continuation request is a violation", async () => {
    expect(await failureOf(noop(await greeted("C: NOOP\nS: + go on\n@expect-close")))).toMatchObject({ phase: "noop", code: "protocol_violation" });
  });

  test("a line break inside a command is never sent", async () => {
    expect(await failureOf((await greeted("")).command("X", "command", "NOOP\r\nDELE 1"))).toMatchObject({ code: "not_permitted" });
  });

  test("without a greeting the connection is closed without QUIT", async () => {
    const server = await playTranscript("@expect-close");
    const { context } = testRun();
    const target = { host: server.host, port: server.port, address_family: "any", ...TEST_TIMEOUTS } as const;
    expect(await failureOf(quit(await Pop3Session.connect(context, target)))).toMatchObject({ phase: "quit", code: "closed" });
    await server.close();
    expect(server.mismatches).toEqual([]);
  });

  test("two commands at the same time are an error of the caller", async () => {
    const session = await greeted("C: NOOP\n@silence");
    session.options.command_timeout_ms = 200;
    const first = failureOf(noop(session));
    await expect(noop(session)).rejects.toThrow("NOOP is under way");
    expect(await first).toMatchObject({ code: "timeout" });
  });

  test("an endless list is abandoned", async () => {
    const session = await greeted("C: CAPA\nS: +OK\n@repeat forever S: X");
    expect(await failureOf(capa(session))).toMatchObject({ phase: "command", code: "limit_exceeded" });
  });
});

describe("STLS", () => {
  const SECURE = { host: "localhost", min_version: "TLSv1.2" } as const;

  test("secures the connection, and drops capabilities from before", async () => {
    const session = await greeted("C: CAPA\nS: +OK\nS: USER\nS: .\nC: STLS\nS: +OK go\n@starttls\nC: QUIT\nS: +OK");
    await capa(session);
    expect(await stls(session, SECURE)).toBeNull();
    expect(session.connection.tls?.version).toBe("TLSv1.3");
    expect(session.capabilities).toBeNull();
    await quit(session);
  });

  test.each(["S: +OK go\nS: +OK injected", "S: +OK go\nS- +OK inj"])("text behind its reply is refused", async (lines) => {
    expect(await failureOf(stls(await greeted(`C: STLS\n${lines}\n@expect-close`), SECURE))).toMatchObject({ phase: "starttls", code: "protocol_violation" });
  });

  test("after a refusal the session continues in plain text", async () => {
    const session = await greeted("C: STLS\nS: -ERR no\nC: QUIT\nS: +OK");
    expect(await stls(session, SECURE)).toMatchObject({ status: "ERR" });
    expect(session.connection.tls).toBeNull();
    await quit(session);
  });
});

describe("a login", () => {
  const TIMESTAMP = "<1896.697170952@dbc.mtview.ca.us>";
  const digest = createHash("md5").update(`${TIMESTAMP}tanstaaf`).digest("hex");

  async function logInAt(capaLines: string[], rest: string, auth: Partial<Pop3AuthInput> = {}, greeting?: string): Promise<{ run: TestRun; outcome: unknown }> {
    const run = testRun();
    const session = await greeted(`C: CAPA\nS: +OK\n${capaLines.map((line) => `S: ${line}\n`).join("")}S: .\n${rest}`, run, greeting);
    await capa(session);
    const outcome = await logIn(session, { ...AUTH, username: "tim", password: "tanstaaf", ...auth }).catch((error: FailureError) => error.failure);
    return { run, outcome };
  }

  test("by USER and PASS", async () => {
    const { run, outcome } = await logInAt(["USER"], "C: USER tim\nS: +OK\nC: PASS tanstaaf\nS: +OK in");
    expect(outcome).toMatchObject({ status: "OK" });
    expect(run.state.recorder.operations.map(({ name }) => name).slice(-2)).toEqual(["USER", "PASS"]);
    expect(JSON.stringify(run.trace)).not.toContain("tanstaaf");
  });

  test("by APOP: the standard's own example (RFC 1939, section 7)", async () => {
    expect(createHash("md5").update(`${TIMESTAMP}tanstaaf`).digest("hex")).toBe("c4c9334bac560ecc979e58001b3e22fb");
    const { run, outcome } = await logInAt(["USER"], `C: APOP tim ${digest}\nS: +OK`, { allow_plaintext: false }, `+OK POP3 ${TIMESTAMP}`);
    expect(outcome).toMatchObject({ status: "OK" });
    expect(JSON.stringify(run.trace)).not.toContain(digest);
  });

  test("by AUTH PLAIN, at once or after an empty challenge", async () => {
    const secret = b64("\0tim\0tanstaaf");
    expect((await logInAt(["SASL PLAIN"], `C: AUTH PLAIN ${secret}\nS: +OK in`)).outcome).toMatchObject({ status: "OK" });
    const long = "t".repeat(250);
    const waiting = await logInAt(["SASL PLAIN"], `C: AUTH PLAIN\nS: +\nC: ${b64(`\0tim\0${long}`)}\nS: +OK in`, { password: long });
    expect(waiting.outcome).toMatchObject({ status: "OK" });
    expect(waiting.run.state.recorder.operations.map(({ name }) => name).slice(-2)).toEqual(["AUTH PLAIN", "AUTH PLAIN"]);
  });

  test.each<[string[], Partial<Pop3AuthInput>, string]>([
    [["USER"], { allow_plaintext: false }, "not_permitted"],
    [["SASL PLAIN"], { mechanism: "USER" }, "unsupported"],
    [["USER"], { mechanism: "APOP" }, "unsupported"],
    [["USER"], { mechanism: "XOAUTH2" }, "not_permitted"],
  ])("if the server offers %j, %j is impossible: nothing is sent", async (lines, auth, code) => {
    expect((await logInAt(lines, "@expect-close", auth)).outcome).toMatchObject({ phase: "auth", code });
    for (const thing of open.splice(0).reverse()) await thing.close();
  });

  test("a name with a space cannot be sent in APOP", async () => {
    const { outcome } = await logInAt(["USER"], "@expect-close", { mechanism: "APOP", username: "tim two" }, `+OK ${TIMESTAMP}`);
    expect(outcome).toMatchObject({ phase: "auth", code: "not_permitted" });
    for (const thing of open.splice(0).reverse()) await thing.close();
  });
});

realServer("the POP3 client against dovecot", ["dovecot", "dovecot-pop3"], () => {
  let dovecot: Dovecot;
  beforeAll(async () => {
    dovecot = await startDovecot();
    dovecot.put("alice", "Subject: one\r\n\r\nhello\r\n");
  });
  afterAll(() => dovecot?.stop());

  async function dial(run: TestRun): Promise<Pop3Session> {
    const session = await greetedPop3(run, { host: dovecot.host, port: dovecot.pop3 });
    open.push(session);
    await capa(session);
    return session;
  }

  test.each<Pop3Method | "auto">(["auto", "SCRAM-SHA-256", "CRAM-MD5", "APOP", "PLAIN", "LOGIN", "USER"])(
    "a login by %s succeeds with the right password only",
    async (mechanism) => {
      const run = testRun();
      const session = await dial(run);
      expect(await logIn(session, { ...AUTH, mechanism })).toMatchObject({ status: "OK" });
      expect(await stat(session)).toEqual({ messages: 1, size_bytes: 23 });
      expect(await noop(session)).toMatchObject({ status: "OK" });
      expect(await quit(session)).toMatchObject({ status: "OK" });
      expect(JSON.stringify(run.trace)).not.toContain("correct-horse");
      const wrong = await failureOf(logIn(await dial(run), { ...AUTH, mechanism, password: "wrong-horse" }));
      expect(wrong).toMatchObject({ phase: "auth", code: "reply_rejected", message: expect.stringMatching(/^-ERR/) });
      expect(JSON.stringify(run.trace)).not.toContain("wrong-horse");
    },
  );

  test("is secured by STLS", async () => {
    const session = await dial(testRun());
    expect(await stls(session, { host: "mx.example.org", min_version: "TLSv1.2", ca: testAuthority() })).toBeNull();
    expect(session.connection.tls).toMatchObject({ authorised: true });
    expect(await capa(session)).toMatchObject({ status: "OK" });
  });
});
