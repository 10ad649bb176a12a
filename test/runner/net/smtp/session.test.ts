import { readFileSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import { selfSigned } from "../../../../runner/lab/self-signed.js";
import { playTranscript, type TranscriptServer } from "../../../../runner/lab/transcript-server.js";
import { addressLiteral, ehlo, heloDomain, noop, quit, starttls } from "../../../../runner/net/smtp/commands.js";
import { expectAccepted, SmtpSession } from "../../../../runner/net/smtp/session.js";
import { listen, serveTls } from "../../../../runner/net/transport/listen.js";
import { FailureError } from "../../../../runner/run/failure-error.js";
import { certificate, certificatePath, testAuthority } from "../../../support/certificates.js";
import { greetedSession, TEST_TIMEOUTS, testRun } from "../../../support/smtp-context.js";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

const GREETING = "S: 220 mx.example.org ESMTP\nC: EHLO probe.example.org\nS: 250 mx.example.org\n";

async function play(rest: string): Promise<TranscriptServer> {
  const server = await playTranscript(`${GREETING}${rest}`);
  open.push(server);
  return server;
}

async function greeted(rest: string, run = testRun()): Promise<SmtpSession> {
  const session = await greetedSession(run, await play(rest));
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

// Waiting a fixed time would be too short on a busy machine.
const heard421 = (session: SmtpSession): Promise<void> => expect.poll(() => session.farewell, { interval: 5 }).not.toBeNull();
const brokeOff = (session: SmtpSession): Promise<void> => expect.poll(() => session.connection.broken, { interval: 5 }).not.toBeNull();

describe("point 11: a reply without a command", () => {
  test("421 and a close end the session, and the next command fails with that reason", async () => {
    const run = testRun();
    const session = await greeted("S: 421 4.4.2 idle for too long\n@close\n", run);
    await heard421(session);
    const operations = run.state.recorder.operations.length;
    expect(await failureOf(noop(session))).toMatchObject({ phase: "noop", code: "closed", reply_code: 421, enhanced_code: "4.4.2", retryable: true });
    expect(session.farewell).toEqual({ code: 421, lines: ["4.4.2 idle for too long"] });
    // NOOP was never sent.
    expect(run.state.recorder.operations.length).toBe(operations);
  });

  test("421 without a close: nothing else is sent", async () => {
    const session = await greeted("S: 421 4.3.2 shutting down\n@expect-close\n");
    await heard421(session);
    expect(await failureOf(session.command("RSET", "rset", "RSET"))).toMatchObject({ phase: "rset", code: "closed", reply_code: 421 });
  });

  test("a close without a reply", async () => {
    const session = await greeted("@close\n");
    await brokeOff(session);
    expect(await failureOf(noop(session))).toMatchObject({ phase: "noop", code: "closed", reply_code: null });
  });

  test("any other reply ends the conversation", async () => {
    const session = await greeted("S: 250 surprise\n@expect-close\n");
    await brokeOff(session);
    expect(await failureOf(noop(session))).toMatchObject({ code: "protocol_violation", message: "an unexpected reply: 250 surprise" });
    expect(session.farewell).toBeNull();
  });

  test("a malformed reply ends it too, and closes the connection", async () => {
    const server = await play("C: NOOP\nS: no reply of a mail server\n@expect-close\n");
    const session = await greetedSession(testRun(), server);
    expect(await failureOf(noop(session))).toMatchObject({ phase: "noop", code: "protocol_violation" });
    await expect.poll(() => server.openSockets, { interval: 5 }).toBe(0);
  });

  test("a 421 that answers a command is that command's reply", async () => {
    const session = await greeted("C: NOOP\nS: 421 4.3.2 shutting down\n@close\n");
    expect(await noop(session)).toMatchObject({ code: 421 });
  });
});

describe("several commands in one write", () => {
  const COMMANDS = [
    { name: "MAIL", phase: "mail", line: "MAIL FROM:<>" },
    { name: "RCPT", phase: "rcpt", line: "RCPT TO:<a@example.org>" },
    { name: "RSET", phase: "rset", line: "RSET" },
  ] as const;
  const ASKED = "C: MAIL FROM:<>\nC: RCPT TO:<a@example.org>\nC: RSET\n";

  test("are answered in their order", async () => {
    const session = await greeted(`${ASKED}S: 250 one\nS: 550 two\nS: 250 three\n@expect-close\n`);
    const outcomes = await session.pipeline(COMMANDS);
    expect(outcomes.map((outcome) => outcome.status === "fulfilled" && outcome.value.code)).toEqual([250, 550, 250]);
  });

  test("keep the replies from before a break", async () => {
    const session = await greeted(`${ASKED}S: 250 one\n@close\n`);
    const outcomes = await session.pipeline(COMMANDS);
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected"]);
  });

  test("are not sent over a closed connection", async () => {
    const run = testRun();
    const session = await greeted("@close\n", run);
    await brokeOff(session);
    const before = run.state.recorder.operations.length;
    expect((await session.pipeline(COMMANDS)).every(({ status }) => status === "rejected")).toBe(true);
    expect(run.state.recorder.operations.length).toBe(before);
  });

  test("each have the whole timeout", async () => {
    const session = await greeted(`${ASKED}@delay 800ms\nS: 250 one\n@delay 800ms\nS: 250 two\n@delay 800ms\nS: 250 three\n@expect-close\n`);
    session.options.command_timeout_ms = 2000;
    expect((await session.pipeline(COMMANDS)).every(({ status }) => status === "fulfilled")).toBe(true);
  });
});

test("a session that was closed on this side fails at once", async () => {
  const session = await greeted("@expect-close\n");
  session.close();
  expect(await failureOf(noop(session))).toMatchObject({ phase: "noop", code: "closed" });
  expect(await failureOf(quit(session))).toMatchObject({ phase: "quit", code: "closed" });
});

describe("point 18: CR, LF and NUL never reach the wire", () => {
  test.each(["NOOP\r\nQUIT", "NOOP\n", "NO\0OP", "\rNOOP"])("%j is not sent", async (line) => {
    const session = await greeted("C: RSET\nS: 250 OK\n@expect-close\n");
    expect(await failureOf(session.command("NOOP", "noop", line))).toMatchObject({ phase: "noop", code: "not_permitted" });
    const [first, second] = await session.pipeline([
      { name: "RSET", phase: "rset", line: "RSET" },
      { name: "NOOP", phase: "noop", line },
    ]);
    expect([first?.status, second?.status]).toEqual(["rejected", "rejected"]);
    // The server's transcript knows of one command only, and the conversation goes on.
    expect(await session.command("RSET", "rset", "RSET")).toMatchObject({ code: 250 });
  });
});

test("point 12: nothing is sent before the last line of the greeting", async () => {
  const server = await playTranscript("S: 220-mx.example.org ESMTP\n@delay 150ms\nS: 220 go on\nC: EHLO probe.example.org\nS: 250 mx\n");
  open.push(server);
  const session = await greetedSession(testRun(), server);
  open.push(session);
  expect(session.greeting?.lines).toEqual(["mx.example.org ESMTP", "go on"]);
  expect(session.greeting?.duration_ms).toBeGreaterThan(140);
  expect(server.conversation.map(({ speaker, text }) => `${speaker}: ${text}`).slice(0, 3)).toEqual([
    "server: 220-mx.example.org ESMTP",
    "server: 220 go on",
    "client: EHLO probe.example.org",
  ]);
});

test("point 16: the capabilities of EHLO are dropped with TLS", async () => {
  const server = await playTranscript(
    "S: 220 x\nC: EHLO a.example\nS: 250-x\nS: 250-AUTH PLAIN\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go\n@starttls\nC: EHLO a.example\nS: 250-x\nS: 250 SIZE 1\n",
  );
  open.push(server);
  const session = await SmtpSession.connect(testRun().context, {
    host: server.host,
    port: server.port,
    address_family: "any",
    ...TEST_TIMEOUTS,
  });
  open.push(session);
  await session.greet();
  await ehlo(session, "a.example");
  expect(session.capabilities?.map(({ keyword }) => keyword)).toEqual(["AUTH", "STARTTLS"]);
  await starttls(session, { host: "localhost", min_version: "TLSv1.2" });
  expect(session.capabilities).toBeNull();
  await ehlo(session, "a.example");
  expect(session.capabilities?.map(({ keyword }) => keyword)).toEqual(["SIZE"]);
});

describe("point 18: the name in EHLO", () => {
  test.each([
    ["probe.example.org", "probe.example.org"],
    ["probe.example.org.", "probe.example.org"],
    ["bücher.example", "xn--bcher-kva.example"],
    ["192.0.2.1", "[192.0.2.1]"],
    ["2001:db8::1", "[IPv6:2001:db8::1]"],
  ])("%s is sent as %s", (given, said) => {
    expect(heloDomain(given, { localAddress: "127.0.0.1" })).toBe(said);
  });

  test("is never localhost by default", () => {
    expect(heloDomain(undefined, { localAddress: "192.0.2.7" })).toMatch(/^(\[192\.0\.2\.7\]|(?!localhost)[^.]+\..+)$/);
    expect(addressLiteral("::1")).toBe("[IPv6:::1]");
  });
});

describe("points 23 and 24: the name that is sent and verified", () => {
  test.each([
    ["mx.example.org", "mx.example.org", "localhost"],
    ["mx.example.org.", "mx.example.org", "localhost"],
    ["bücher.example", "xn--bcher-kva.example", "bücher"],
    ["127.0.0.1", null, "localhost"],
  ] as const)("%s is sent as %s", async (host, servername, name) => {
    const authority = { certificate: testAuthority(), key: readFileSync(certificatePath("authority", "key.pem"), "utf8") };
    const served = name === "localhost" ? certificate("localhost") : selfSigned({ names: ["xn--bcher-kva.example"], issuer: authority });
    const server = await playTranscript("@tls\nS: 220 x\n@expect-close\n", { certificates: { default: served } });
    open.push(server);
    const session = await SmtpSession.connect(testRun().context, {
      host: server.host,
      port: server.port,
      address_family: "any",
      ...TEST_TIMEOUTS,
    });
    open.push(session);
    const facts = await session.secure({ host, min_version: "TLSv1.2", ca: testAuthority() });
    expect(facts).toMatchObject({ servername, authorised: true, problems: [] });
  });
});

test("point 26: a reply before the end of TLS without close_notify counts", async () => {
  const server = await listen((socket) => {
    const secure = serveTls(socket, certificate("localhost"));
    // The last words, and then the TCP connection ends below TLS.
    secure.on("secure", () => secure.write("220 mx.example.org ESMTP\r\n", () => socket.end()));
  });
  open.push(server);
  const session = await SmtpSession.connect(testRun().context, {
    host: server.host,
    port: server.port,
    address_family: "any",
    ...TEST_TIMEOUTS,
  });
  open.push(session);
  await session.secure({ host: "localhost", min_version: "TLSv1.2" });
  expect(expectAccepted("greeting", await session.greet())).toMatchObject({ code: 220 });
  expect(await failureOf(noop(session))).toMatchObject({ phase: "noop", code: expect.stringMatching(/^(closed|reset)$/) });
});
