import { describe, expect, test } from "vitest";
import { type SmtpServerOptions, startSmtpServer } from "../../../../runner/lab/smtp-server.js";
import { playTranscript } from "../../../../runner/lab/transcript-server.js";
import { authenticate, type LoginEvidence } from "../../../../runner/net/smtp/auth.js";
import { hello, starttls } from "../../../../runner/net/smtp/commands.js";
import { FailureError } from "../../../../runner/run/failure-error.js";
import type { AuthInput, AuthMechanism } from "../../../../schemas/smtp.js";
import { AUTH_MECHANISMS } from "../../../../schemas/smtp.js";
import { greetedSession, type TestRun, testRun } from "../../../support/smtp-context.js";

const BASE: AuthInput = { username: "tim", mechanism: "auto", allow_plaintext: false };
const b64 = (text: string): string => Buffer.from(text).toString("base64");

interface Result {
  failure: FailureError["failure"] | null;
  evidence: LoginEvidence;
  run: TestRun;
}

/** Logs in at a scripted server in each way its answers can travel; the result must be the same. */
async function play(transcript: string, auth: AuthInput): Promise<Result> {
  const results: Result[] = [];
  for (const delivery of ["whole", "lines", "bytes"] as const) {
    const server = await playTranscript(`S: 220 mx\nC: EHLO *\n${transcript}`, { delivery });
    const run = testRun();
    const evidence: LoginEvidence = { mechanism: null };
    const session = await greetedSession(run, server);
    const failure = await failureOf(authenticate(session, auth, evidence));
    session.close();
    run.state.deadline.release();
    await server.close();
    expect(server.mismatches.map(({ message }) => message)).toEqual([]);
    results.push({ failure, evidence, run });
  }
  const [first, ...others] = results as [Result, ...Result[]];
  for (const other of others) expect([other.failure, other.evidence]).toEqual([first.failure, first.evidence]);
  return first;
}

async function failureOf(login: Promise<unknown>): Promise<Result["failure"]> {
  try {
    await login;
    return null;
  } catch (error) {
    if (error instanceof FailureError) return error.failure;
    throw error;
  }
}

describe("the conversation", () => {
  test("PLAIN is sent with its command, and appears nowhere", async () => {
    const secret = b64("\0tim\0tanstaaf");
    const { failure, evidence, run } = await play(`S: 250-mx\nS: 250 AUTH PLAIN LOGIN\nC: AUTH PLAIN ${secret}\nS: 235 2.7.0 welcome ${secret}`, {
      ...BASE,
      password: "tanstaaf",
      allow_plaintext: true,
    });
    expect(failure).toBeNull();
    expect(evidence.mechanism).toBe("PLAIN");
    const sent = run.trace.filter(({ direction }) => direction === "sent").map(({ text }) => text);
    expect(sent).toEqual(["EHLO probe.example.org", "AUTH PLAIN [secret]"]);
    expect(JSON.stringify(run.state.secrets.maskAll(run.state.recorder.operations))).not.toContain(secret);
    expect(run.state.recorder.operations.map(({ name }) => name)).toEqual(["connect", "greeting", "EHLO", "AUTH PLAIN"]);
  });

  test("a server that sends an empty challenge first gets the response after it", async () => {
    const token = "t".repeat(600);
    const response = b64(`user=tim\x01auth=Bearer ${token}\x01\x01`);
    const { failure } = await play(`S: 250-mx\nS: 250 AUTH XOAUTH2\nC: AUTH XOAUTH2\nS: 334 \nC: ${response}\nS: 235 ok`, {
      ...BASE,
      access_token: token,
      allow_plaintext: true,
    });
    expect(failure).toBeNull();
  });

  test("LOGIN has two challenges", async () => {
    const { failure } = await play(
      `S: 250-mx\nS: 250 AUTH LOGIN\nC: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: ${b64("tim")}\nS: 334 UGFzc3dvcmQ6\nC: ${b64("tanstaaf")}\nS: 235 ok`,
      { ...BASE, password: "tanstaaf", allow_plaintext: true },
    );
    expect(failure).toBeNull();
  });

  test("CRAM-MD5 is stronger than PLAIN and needs no TLS", async () => {
    const challenge = b64("<1896.697170952@postoffice.reston.mci.net>");
    const { failure, evidence } = await play(
      `S: 250-mx\nS: 250 AUTH=PLAIN CRAM-MD5\nC: AUTH CRAM-MD5\nS: 334 ${challenge}\nC: ${b64("tim b913a602c7eda7a495b4e6e7334d3890")}\nS: 235 ok`,
      { ...BASE, password: "tanstaaftanstaaf" },
    );
    expect(failure).toBeNull();
    expect(evidence.mechanism).toBe("CRAM-MD5");
  });

  test("XOAUTH2: the reason of a refusal is reported, without the token", async () => {
    const reason = b64('{"status":"401","token":"ya29.secret"}');
    const { failure } = await play(`S: 250-mx\nS: 250 AUTH XOAUTH2\nC: AUTH XOAUTH2 *\nS: 334 ${reason}\nC: \nS: 535 5.7.8 no`, {
      ...BASE,
      access_token: "ya29.secret",
      allow_plaintext: true,
    });
    expect(failure).toMatchObject({ phase: "auth", code: "reply_rejected", reply_code: 535, enhanced_code: "5.7.8", retryable: false });
    expect(failure?.message).toBe('535 5.7.8 no; the server explained: {"status":"401","token":"[secret]"}');
  });

  test.each([
    ["535 5.7.8 bad credentials", false],
    ["534 5.7.9 too weak", false],
    ["538 5.7.11 encryption needed", false],
    ["454 4.7.0 later", true],
  ])("%s is a refusal, and the mechanism is recorded", async (reply, retryable) => {
    const { failure, evidence } = await play(`S: 250-mx\nS: 250 AUTH PLAIN\nC: AUTH PLAIN *\nS: ${reply}`, { ...BASE, password: "x", allow_plaintext: true });
    expect(failure).toMatchObject({ phase: "auth", code: "reply_rejected", reply_code: Number(reply.slice(0, 3)), retryable });
    expect(evidence.mechanism).toBe("PLAIN");
  });
});

describe("an invalid challenge is cancelled", () => {
  test.each([
    ["no base64", "S: 334 not base64!"],
    ["two lines", "S: 334-QQ==\nS: 334 QQ=="],
    ["empty where something to sign was due", "S: 334 "],
  ])("%s", async (_, challenge) => {
    const { failure } = await play(`S: 250-mx\nS: 250 AUTH CRAM-MD5\nC: AUTH CRAM-MD5\n${challenge}\nC: \\*\nS: 501 cancelled`, {
      ...BASE,
      password: "secret",
    });
    expect(failure).toMatchObject({ phase: "auth", code: "protocol_violation" });
  });

  test("a SCRAM nonce that does not extend ours", async () => {
    const first = b64("r=someone-elses,s=QQ==,i=4096");
    const { failure } = await play(`S: 250-mx\nS: 250 AUTH SCRAM-SHA-256\nC: AUTH SCRAM-SHA-256 *\nS: 334 ${first}\nC: \\*\nS: 501 cancelled`, {
      ...BASE,
      password: "secret",
    });
    expect(failure).toMatchObject({ phase: "auth", code: "protocol_violation" });
  });

  test("the server that closes instead of answering the cancellation", async () => {
    const { failure } = await play("S: 250-mx\nS: 250 AUTH CRAM-MD5\nC: AUTH CRAM-MD5\nS: 334 !\nC: \\*\n@close", { ...BASE, password: "secret" });
    expect(failure).toMatchObject({ phase: "auth", code: "protocol_violation" });
  });

  test("a success without the server's signature is refused", async () => {
    const { failure } = await play("S: 250-mx\nS: 250 AUTH SCRAM-SHA-256\nC: AUTH SCRAM-SHA-256 *\nS: 235 welcome", { ...BASE, password: "secret" });
    expect(failure).toMatchObject({ phase: "auth", code: "protocol_violation" });
  });

  test("a 3yz reply other than 334", async () => {
    const { failure } = await play("S: 250-mx\nS: 250 AUTH PLAIN\nC: AUTH PLAIN *\nS: 354 go ahead", { ...BASE, password: "secret", allow_plaintext: true });
    expect(failure).toMatchObject({ phase: "auth", code: "protocol_violation" });
  });
});

describe("nothing is sent", () => {
  const cases: [string, string, Partial<AuthInput>, string, AuthMechanism | null][] = [
    ["a password in the clear", "250 AUTH PLAIN LOGIN", { password: "x" }, "not_permitted", "PLAIN"],
    ["a token in the clear", "250 AUTH XOAUTH2", { access_token: "x" }, "not_permitted", "XOAUTH2"],
    ["a mechanism that is not offered", "250 AUTH LOGIN", { password: "x", mechanism: "CRAM-MD5" }, "unsupported", null],
    ["no AUTH", "250 PIPELINING", { password: "x" }, "unsupported", null],
    ["only mechanisms that we do not know", "250 AUTH GSSAPI NTLM", { password: "x" }, "unsupported", null],
    ["a password where a token is due", "250 AUTH XOAUTH2", { password: "x", mechanism: "XOAUTH2" }, "not_permitted", null],
    ["neither password nor token", "250 AUTH PLAIN", {}, "not_permitted", null],
  ];
  test.each(cases)("%s", async (_, offer, auth, code, mechanism) => {
    const { failure, evidence } = await play(`S: 250-mx\nS: ${offer}\n@expect-close`, { ...BASE, ...auth });
    expect(failure).toMatchObject({ phase: "auth", code });
    expect(evidence.mechanism).toBe(mechanism);
  });
});

describe("at a server of the lab", () => {
  async function logIn(options: SmtpServerOptions, auth: AuthInput): Promise<Result> {
    const server = await startSmtpServer({ tls: "starttls", ...options });
    const run = testRun();
    const evidence: LoginEvidence = { mechanism: null };
    try {
      const session = await greetedSession(run, server);
      await starttls(session, { host: "localhost", min_version: "TLSv1.2" });
      await hello(session, "probe.example.org");
      const failure = await failureOf(authenticate(session, auth, evidence));
      session.close();
      return { failure, evidence, run };
    } finally {
      run.state.deadline.release();
      await server.close();
    }
  }

  const account = { username: "tim=,ü", password: "p\u00e4ss \u2168" };

  test.each(AUTH_MECHANISMS)("%s accepts the right password only", async (mechanism) => {
    const secret = mechanism === "XOAUTH2" ? "access_token" : "password";
    const right = await logIn({ auth: account }, { ...BASE, mechanism, username: account.username, [secret]: account.password });
    expect(right.failure).toBeNull();
    const wrong = await logIn({ auth: account }, { ...BASE, mechanism, username: account.username, [secret]: "another" });
    expect(wrong.failure).toMatchObject({ phase: "auth", code: "reply_rejected", reply_code: 535 });
    expect(wrong.evidence.mechanism).toBe(mechanism);
  });

  test("auto uses the strongest mechanism", async () => {
    const { failure, evidence } = await logIn({ auth: account }, { ...BASE, username: account.username, password: account.password });
    expect(failure).toBeNull();
    expect(evidence.mechanism).toBe("SCRAM-SHA-256");
  });

  test("SCRAM: the output does not contain values with which passwords could be guessed", async () => {
    const { run } = await logIn({ auth: account }, { ...BASE, mechanism: "SCRAM-SHA-256", username: account.username, password: account.password });
    const seen = run.state.secrets.maskAll(run.state.recorder.operations).map(({ message }) => message ?? "");
    const decoded = seen.flatMap((text) => text.split(/\s/)).map((word) => Buffer.from(word, "base64").toString());
    expect(decoded.some((text) => text.startsWith("r="))).toBe(true);
    expect(decoded.filter((text) => text.startsWith("v="))).toEqual([]);
    expect(seen).toContain("[secret]");
  });
});
