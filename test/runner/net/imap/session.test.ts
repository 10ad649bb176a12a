import { afterEach, describe, expect, test } from "vitest";
import { playTranscript, type TranscriptServer } from "../../../../runner/lab/transcript-server.js";
import { capability, logout, noop, starttls } from "../../../../runner/net/imap/commands.js";
import { fetchMessages } from "../../../../runner/net/imap/fetch.js";
import { idle, isNewMail } from "../../../../runner/net/imap/idle.js";
import { LIMITS } from "../../../../runner/net/imap/limits.js";
import { logIn } from "../../../../runner/net/imap/login.js";
import { enableUtf8, examine, listMailboxes, mailboxStatus, select } from "../../../../runner/net/imap/mailbox.js";
import { deleteMessages } from "../../../../runner/net/imap/remove.js";
import { search } from "../../../../runner/net/imap/search.js";
import { ImapSession } from "../../../../runner/net/imap/session.js";
import { FailureError } from "../../../../runner/run/failure-error.js";
import type { AuthInput } from "../../../../schemas/smtp.js";
import { allCertificates } from "../../../support/certificates.js";
import { greetedImap } from "../../../support/imap-context.js";
import { TEST_TIMEOUTS, type TestRun, testRun } from "../../../support/smtp-context.js";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

const SECURE = { host: "localhost", min_version: "TLSv1.2" } as const;

/** A session whose server has greeted and plays the rest. */
async function greeted(rest: string, run = testRun(), greeting = "S: * OK [CAPABILITY IMAP4rev1] ready"): Promise<ImapSession> {
  const server = await play(`${greeting}\n${rest}`);
  const session = await greetedImap(run, server);
  open.push(session);
  return session;
}

async function play(transcript: string): Promise<TranscriptServer> {
  const server = await playTranscript(transcript, { certificates: allCertificates() });
  open.push({
    async close() {
      await server.close();
      expect(server.mismatches.map(({ message }) => message)).toEqual([]);
    },
  });
  return server;
}

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(FailureError);
  return (error as FailureError).failure;
}

describe("the greeting", () => {
  test.each<[string, object]>([
    ["* OK ready", { status: "OK", text: "ready" }],
    ["* PREAUTH known by your address", { status: "PREAUTH" }],
    ["* BYE [UNAVAILABLE] too many", { status: "BYE", code: { name: "UNAVAILABLE", argument: "" } }],
  ])("%s", async (line, expected) => {
    const session = await greeted("", testRun(), `S: ${line}`);
    expect(session.greeting).toMatchObject(expected);
  });

  test.each(["* NO go away", "* 5 EXISTS", "a1 OK tagged", "+ go on", "220 mx.example.org ESMTP", "+OK pop3 here"])("%j is none", async (line) => {
    const server = await play(`S: ${line}\n@expect-close`);
    expect(await failureOf(greetedImap(testRun(), server))).toMatchObject({ phase: "greeting", code: "protocol_violation" });
  });

  test("that never ends is abandoned at the length limit", async () => {
    const server = await play("S- * OK \n@repeat forever S- xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
    expect(await failureOf(greetedImap(testRun(), server))).toMatchObject({ phase: "greeting", code: "limit_exceeded" });
  });

  test("that arrives byte by byte has the same timeout as one that does not arrive", async () => {
    const server = await play(`@drip 60ms\nS: * OK ${"a greeting that takes its time ".repeat(10)}\n@silence`);
    const began = performance.now();
    expect(await failureOf(greetedImap(testRun(), server, { command_timeout_ms: 300 }))).toMatchObject({ phase: "greeting", code: "timeout" });
    expect(performance.now() - began).toBeLessThan(10_000);
  });
});

describe("a reply", () => {
  test("with another command's tag ends the conversation", async () => {
    const session = await greeted("C: a1 NOOP\nS: a2 OK not yours\n@expect-close");
    expect(await failureOf(noop(session))).toMatchObject({
      phase: "noop",
      code: "protocol_violation",
      message: "a reply to a2, while a1 is due: OK not yours",
    });
  });

  test("a tagged reply without a command ends the conversation", async () => {
    const session = await greeted("S: a0 OK surprise\n@expect-close");
    await expect.poll(() => session.connection.broken, { interval: 5 }).not.toBeNull();
    expect(await failureOf(noop(session))).toMatchObject({ code: "protocol_violation", message: "a reply to a0, while nothing was asked: OK surprise" });
  });

  test("untagged responses without a command are accepted", async () => {
    const session = await greeted("S: * 5 EXISTS\nS: * OK still here\nS: * CAPABILITY IMAP4rev1 IDLE\n@delay 30ms\nC: a1 NOOP\nS: * 6 EXISTS\nS: a1 OK done");
    await expect.poll(() => session.has("IDLE"), { interval: 5 }).toBe(true);
    expect((await noop(session)).untagged.length).toBeGreaterThanOrEqual(1);
  });

  test("a continuation request for a complete command is a violation", async () => {
    const session = await greeted("C: a1 NOOP\nS: + and now?\n@expect-close");
    expect(await failureOf(noop(session))).toMatchObject({ phase: "noop", code: "protocol_violation" });
  });

  test("a continuation request without a command is a violation", async () => {
    const session = await greeted("S: + and now?\n@expect-close");
    await expect.poll(() => session.connection.broken, { interval: 5 }).not.toBeNull();
    expect(await failureOf(noop(session))).toMatchObject({ code: "protocol_violation" });
  });

  test("the text of a BYE becomes the failure of this command and the next", async () => {
    const session = await greeted("C: a1 NOOP\nS: * BYE [UNAVAILABLE] shutting down\n@close");
    expect(await failureOf(noop(session))).toMatchObject({
      phase: "noop",
      code: "closed",
      message: expect.stringContaining("BYE [UNAVAILABLE] shutting down"),
      retryable: true,
    });
    expect(await failureOf(noop(session))).toMatchObject({ code: "closed", message: expect.stringContaining("shutting down") });
  });

  test("after a BYE without a close nothing is sent", async () => {
    const session = await greeted("S: * BYE idle for too long\n@expect-close");
    await expect.poll(() => session.farewell, { interval: 5 }).not.toBeNull();
    expect(await failureOf(noop(session))).toMatchObject({ code: "closed", message: "the server has ended the session: BYE idle for too long" });
  });

  test("BYE is the expected response to LOGOUT", async () => {
    const session = await greeted("C: a1 LOGOUT\nS: * BYE see you\nS: a1 OK done");
    expect(await logout(session)).toMatchObject({ status: "OK" });
    expect(session.farewell).toBeNull();
  });

  test("without a greeting the connection is closed without LOGOUT", async () => {
    const server = await play("@expect-close");
    const { context } = testRun();
    const target = { host: server.host, port: server.port, address_family: "any", ...TEST_TIMEOUTS } as const;
    const session = await ImapSession.connect(context, target);
    expect(await failureOf(logout(session))).toMatchObject({ phase: "quit", code: "closed" });
  });

  test("two commands at the same time are an error of the caller", async () => {
    const session = await greeted("C: a1 NOOP\n@silence");
    session.options.command_timeout_ms = 200;
    const first = failureOf(noop(session));
    await expect(noop(session)).rejects.toThrow("NOOP is under way");
    expect(await first).toMatchObject({ code: "timeout" });
  });

  test.each([
    ["responses", `S: * 1 EXISTS`, "responses to NOOP"],
    ["a literal bomb", "S: * LIST () NIL {4294967295}", "a literal of 4294967295 bytes"],
    [
      "a line without an end",
      "S- * OK xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
      "a response line of more than",
    ],
  ])("above the limit: %s", async (_what, line, words) => {
    const run = testRun(20_000);
    const server = await play(`S: * OK ready\nC: a1 NOOP\n@repeat forever ${line}`);
    const session = await greetedImap(run, server);
    open.push(session);
    expect(await failureOf(noop(session))).toMatchObject({ phase: "noop", code: "limit_exceeded", message: expect.stringContaining(words) });
  });
});

describe("STARTTLS", () => {
  const OFFER = "S: * OK [CAPABILITY IMAP4rev1 STARTTLS] ready";

  test("capabilities from before TLS are dropped", async () => {
    const session = await greeted(
      "C: a1 STARTTLS\nS: a1 OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] go\n@starttls\nC: a2 CAPABILITY\nS: * CAPABILITY IMAP4rev1\nS: a2 OK\nC: a3 LOGOUT\nS: a3 OK",
      testRun(),
      OFFER,
    );
    expect((await starttls(session, SECURE)).tls?.version).toBe("TLSv1.3");
    expect(session.capabilities).toBeNull();
    expect(await capability(session)).toEqual(["IMAP4REV1"]);
    await logout(session);
  });

  test.each([
    ["a whole response", "S: a1 OK go\nS: * CAPABILITY IMAP4rev1 AUTH=PLAIN"],
    ["half a response", "S: a1 OK go\nS- a2 OK injec"],
  ])("%s after the OK is refused", async (_what, lines) => {
    const session = await greeted(`C: a1 STARTTLS\n${lines}\n@expect-close`, testRun(), OFFER);
    expect(await failureOf(starttls(session, SECURE))).toMatchObject({ phase: "starttls", code: "protocol_violation" });
    expect(session.has("AUTH=PLAIN")).toBe(false);
  });

  test("after a refusal the session continues in plain text", async () => {
    const session = await greeted("C: a1 STARTTLS\nS: a1 NO not today\nC: a2 NOOP\nS: a2 OK", testRun(), OFFER);
    expect(await starttls(session, SECURE)).toMatchObject({ reply: { status: "NO" }, tls: null });
    expect(await noop(session)).toMatchObject({ status: "OK" });
  });
});

describe("a login", () => {
  const AUTH: AuthInput = { mechanism: "auto", username: "tim", password: "tanstaaf", allow_plaintext: true };
  const b64 = (text: string): string => Buffer.from(text).toString("base64");

  async function play(capabilities: string, rest: string, auth: AuthInput = AUTH): Promise<{ run: TestRun; outcome: unknown; session: ImapSession }> {
    const run = testRun();
    const session = await greeted(rest, run, `S: * OK [CAPABILITY IMAP4rev1 ${capabilities}] ready`);
    const outcome = await logIn(session, auth).catch((error: FailureError) => error.failure);
    return { run, outcome, session };
  }

  test("PLAIN is sent with its initial response if the server offers SASL-IR (RFC 4959)", async () => {
    const secret = b64("\0tim\0tanstaaf");
    const { run, outcome } = await play("AUTH=PLAIN SASL-IR", `C: a1 AUTHENTICATE PLAIN ${secret}\nS: a1 OK welcome`);
    expect(outcome).toMatchObject({ status: "OK" });
    expect(run.trace.filter(({ direction }) => direction === "sent").map(({ text }) => text)).toEqual(["a1 AUTHENTICATE PLAIN [secret]"]);
    expect(run.state.recorder.operations.at(-1)).toMatchObject({ name: "AUTHENTICATE PLAIN", code: null, message: "OK welcome" });
  });

  test("PLAIN waits for the continuation request otherwise, and is still one operation", async () => {
    const { run, outcome } = await play("AUTH=PLAIN", `C: a1 AUTHENTICATE PLAIN\nS: + \nC: ${b64("\0tim\0tanstaaf")}\nS: a1 OK welcome`);
    expect(outcome).toMatchObject({ status: "OK" });
    expect(run.state.recorder.operations.map(({ name }) => name)).toEqual(["connect", "greeting", "AUTHENTICATE PLAIN"]);
    expect(JSON.stringify(run.trace)).not.toContain(b64("\0tim\0tanstaaf"));
  });

  test("LOGIN is the LOGIN command, and its literals wait for the continuation request", async () => {
    const { run, outcome } = await play("", `C: a1 LOGIN "tim" {8}\nS: + go on\nC: gr\\xc3\\xbcn-ab\nS: a1 OK`, { ...AUTH, password: "grün-ab" });
    expect(outcome).toMatchObject({ status: "OK" });
    expect(run.state.recorder.operations.at(-1)?.name).toBe("LOGIN");
    expect(JSON.stringify(run.trace)).not.toContain("grün-ab");
  });

  test("a quoted LOGIN shows the password nowhere, even if the server repeats it", async () => {
    const { run, outcome } = await play("", 'C: a1 LOGIN "tim" "open\\\\"door"\nS: a1 NO you said open\\\\"door, or open"door', {
      ...AUTH,
      password: 'open"door',
    });
    expect(outcome).toMatchObject({ phase: "auth", code: "reply_rejected" });
    expect(JSON.stringify(run.state.secrets.maskAll([run.trace, run.state.recorder.operations, outcome]))).not.toMatch(/open\\*"door/);
  });

  test("XOAUTH2's explanation is reported", async () => {
    const challenge = b64('{"status":"401","scope":"mail"}');
    const { outcome } = await play("AUTH=XOAUTH2 SASL-IR", `C: a1 AUTHENTICATE XOAUTH2 *\nS: + ${challenge}\nC: \nS: a1 NO [AUTHENTICATIONFAILED] no`, {
      mechanism: "auto",
      username: "tim",
      access_token: "ya29-token",
      allow_plaintext: true,
    });
    expect(outcome).toMatchObject({ code: "reply_rejected", message: 'NO [AUTHENTICATIONFAILED] no; the server explained: {"status":"401","scope":"mail"}' });
  });

  test("a challenge that is not base64 is cancelled with *", async () => {
    const { outcome } = await play("AUTH=CRAM-MD5", "C: a1 AUTHENTICATE CRAM-MD5\nS: + <1@x>\nC: \\*\nS: a1 BAD cancelled");
    expect(outcome).toMatchObject({ phase: "auth", code: "protocol_violation" });
  });

  test.each<[string, AuthInput, string]>([
    ["AUTH=PLAIN LOGINDISABLED", { ...AUTH, mechanism: "LOGIN" }, "unsupported"],
    ["LOGINDISABLED", AUTH, "unsupported"],
    ["AUTH=PLAIN", { ...AUTH, allow_plaintext: false }, "not_permitted"],
    ["AUTH=PLAIN", { mechanism: "XOAUTH2", username: "tim", password: "x", allow_plaintext: true }, "not_permitted"],
  ])("if the server offers %s, and this cannot be used, nothing is sent", async (capabilities, auth, code) => {
    expect((await play(capabilities, "@expect-close", auth)).outcome).toMatchObject({ phase: "auth", code });
    for (const thing of open.splice(0).reverse()) await thing.close();
  });

  test("capabilities from before the login are replaced by those after it", async () => {
    expect((await play("", 'C: a1 LOGIN "tim" "tanstaaf"\nS: a1 OK')).session.capabilities).toBeNull();
    const played = await play("", 'C: a1 LOGIN "tim" "tanstaaf"\nS: a1 OK [CAPABILITY IMAP4rev1 IDLE] in');
    expect(played.session.has("IDLE")).toBe(true);
  });
});

describe("folders and messages", () => {
  test("names in a list are decoded", async () => {
    const session = await greeted(
      String.raw`C: a1 LIST "" "\*"
S: * LIST (\\HasNoChildren) "/" INBOX
S: * LIST (\\Junk) NIL {9}
S: Spa&AOQ-m
S: * LIST () "." NIL
S: a1 OK`,
    );
    expect(await listMailboxes(session)).toEqual([
      { name: "INBOX", delimiter: "/", attributes: ["\\HasNoChildren"] },
      { name: "Spaäm", delimiter: null, attributes: ["\\Junk"] },
    ]);
  });

  test("special uses are requested if the server does not send them by default", async () => {
    const session = await greeted(
      'C: a1 LIST "" "\\*" RETURN (SPECIAL-USE)\nS: a1 OK',
      testRun(),
      "S: * OK [CAPABILITY IMAP4rev1 LIST-EXTENDED SPECIAL-USE] hi",
    );
    expect(await listMailboxes(session)).toEqual([]);
  });

  test("selecting a folder gives its message count and UIDs", async () => {
    const session = await greeted(
      String.raw`C: a1 SELECT "Entw&APw-rfe"
S: * 172 EXISTS
S: * FLAGS (\\Answered \\Seen)
S: * OK [UIDVALIDITY 3857529045] valid
S: * OK [UIDNEXT 4392] next
S: a1 OK [READ-ONLY] done`,
    );
    expect(await select(session, "Entwürfe")).toEqual({
      name: "Entwürfe",
      messages: 172,
      uidValidity: 3857529045,
      uidNext: 4392,
      flags: ["\\Answered", "\\Seen"],
      readOnly: true,
    });
  });

  test("a status is read", async () => {
    const session = await greeted('C: a1 STATUS "INBOX" (MESSAGES UNSEEN UIDNEXT)\nS: * STATUS INBOX (UIDNEXT 44 MESSAGES 231 UNSEEN 0)\nS: a1 OK');
    expect(await mailboxStatus(session, "INBOX")).toEqual({ messages: 231, unseen: 0, uidNext: 44 });
  });

  test.each<[string, string, string, number[]]>([
    ["in the old way", "", 'C: a1 UID SEARCH SUBJECT "x"\nS: * SEARCH 9 3 4\nS: * SEARCH\nS: a1 OK', [3, 4, 9]],
    ["in ranges", "ESEARCH", 'C: a1 UID SEARCH RETURN (ALL) SUBJECT "x"\nS: * ESEARCH (TAG "a1") UID ALL 17:15,2\nS: a1 OK', [2, 15, 16, 17]],
    ["nothing", "ESEARCH", 'C: a1 UID SEARCH RETURN (ALL) SUBJECT "x"\nS: * ESEARCH (TAG "a1") UID\nS: a1 OK', []],
  ])("a search answered %s", async (_way, capabilities, lines, uids) => {
    const session = await greeted(lines, testRun(), `S: * OK [CAPABILITY IMAP4rev1 ${capabilities}] hi`);
    expect(await search(session, [{ subject: "x" }])).toEqual(uids);
  });

  test('a search for new UIDs does not include the last known message, which "*" always matches', async () => {
    const session = await greeted("C: a1 UID SEARCH UID 7:\\*\nS: * SEARCH 6\nS: a1 OK");
    expect(await search(session, [{ fromUid: 7 }])).toEqual([]);
  });

  test("twenty thousand messages are found and read, each in a separate response", async () => {
    const uids = Array.from({ length: 20_000 }, (_, index) => 3 * index + 1);
    const fetched = uids.slice(0, 363).map((uid) => `S: * ${uid} FETCH (UID ${uid} RFC822.SIZE 9)`);
    const session = await greeted(
      `C: a1 EXAMINE "INBOX"\nS: a1 OK\nC: a2 UID SEARCH ALL\nS: * SEARCH ${uids.join(" ")}\nS: a2 OK\nC: a3 UID FETCH *\n${fetched.join("\n")}\nS: a3 OK`,
    );
    await examine(session, "INBOX");
    const found = await search(session, []);
    expect(found).toEqual(uids);
    expect(await fetchMessages(session, found.slice(0, 363))).toHaveLength(363);
  });

  test("a range that would fill the memory is refused", async () => {
    const session = await greeted('C: *\nS: * ESEARCH (TAG "a1") UID ALL 1:4294967295\nS: a1 OK', testRun(), "S: * OK [CAPABILITY IMAP4rev1 ESEARCH] hi");
    expect(await failureOf(search(session, []))).toMatchObject({ code: "limit_exceeded" });
  });

  test("a search beyond ASCII names its charset, which a server may refuse", async () => {
    const session = await greeted("C: a1 UID SEARCH CHARSET UTF-8 SUBJECT {2}\nS: + \nC: \\xc3\\xbc\nS: a1 NO [BADCHARSET (US-ASCII)] what?");
    expect(await failureOf(search(session, [{ subject: "ü" }]))).toMatchObject({ code: "reply_rejected", message: "NO [BADCHARSET (US-ASCII)] what?" });
  });

  test("after UTF8=ACCEPT no charset is named (RFC 6855)", async () => {
    const rest = "C: a1 ENABLE UTF8=ACCEPT\nS: * ENABLED UTF8=ACCEPT\nS: a1 OK\nC: a2 UID SEARCH SUBJECT {2+}\nC: \\xc3\\xbc\nS: * SEARCH 7\nS: a2 OK";
    const session = await greeted(rest, testRun(), "S: * OK [CAPABILITY IMAP4rev1 ENABLE UTF8=ACCEPT LITERAL+] hi");
    expect(await enableUtf8(session)).toBe(true);
    expect(await search(session, [{ subject: "ü" }])).toEqual([7]);
  });

  test.each([
    { header: "Subject: x\r\n", contains: "x" },
    { header: "", contains: "x" },
    { header: "X Y", contains: "x" },
    { subject: "a\r\nb" },
    { since: new Date("never") },
  ])("%j is never sent", async (key) => {
    const session = await greeted("C: a1 NOOP\nS: a1 OK");
    expect(await failureOf(search(session, [key]))).toMatchObject({ code: "not_permitted" });
    await noop(session);
  });

  test("several FETCH responses for a message are merged, and those for others are ignored", async () => {
    const session = await greeted(
      String.raw`C: a1 UID FETCH 4 (UID INTERNALDATE RFC822.SIZE FLAGS BODY.PEEK[HEADER]<0.100>)
S: * 9 FETCH (FLAGS (\\Seen))
S: * 8 FETCH (UID 3 FLAGS (\\Seen))
S: * 2 FETCH (UID 4 INTERNALDATE " 7-Jul-1996 02:44:25 -0700" RFC822.SIZE 4286 FLAGS (\\Flagged))
S: * 2 FETCH (BODY[HEADER]<0> {10}
S: Date: 1996 UID 4)
S: a1 OK`,
    );
    const [message, ...others] = await fetchMessages(session, [4], { headerBytes: 100 });
    expect(others).toEqual([]);
    expect(message).toMatchObject({ uid: 4, internalDate: new Date("1996-07-07T09:44:25Z"), sizeBytes: 4286, flags: ["\\Flagged"], message: null });
    expect(message?.header?.toString()).toBe("Date: 1996");
  });

  test("a body above the requested size is not stored, and the limit does not apply to the next command", async () => {
    const session = await greeted(`C: *\nS: * 2 FETCH (UID 4 BODY[] {${LIMITS.literalBytes + 2000}}\n@expect-close`);
    expect(await failureOf(fetchMessages(session, [4], { messageBytes: 50 }))).toMatchObject({ code: "limit_exceeded" });
    expect(session.parser.bounds.literalBytes).toBe(LIMITS.literalBytes);
  });

  test("many messages are fetched in portions", async () => {
    const uids = Array.from({ length: 400 }, (_, index) => 2 * index + 1);
    const session = await greeted("C: a1 UID FETCH 1,3,*\nS: a1 OK\nC: a2 UID FETCH 727,*,799 (*\nS: a2 OK");
    expect(await fetchMessages(session, uids)).toEqual([]);
  });

  test("without UIDPLUS a message is only marked \\Deleted, and nothing is expunged", async () => {
    const session = await greeted("C: a1 UID STORE 7 +FLAGS.SILENT (\\\\Deleted)\nS: a1 OK\nC: a2 LOGOUT\nS: a2 OK");
    expect(await deleteMessages(session, [7])).toBe("flagged");
    await logout(session);
  });

  test("a server of IMAP4rev2 always expunges by UID", async () => {
    const session = await greeted(
      "C: a1 UID STORE 7 +FLAGS.SILENT (\\\\Deleted)\nS: a1 OK\nC: a2 UID EXPUNGE 7\nS: a2 OK",
      testRun(),
      "S: * OK [CAPABILITY IMAP4rev2] hi",
    );
    expect(await deleteMessages(session, [7])).toBe("expunged");
  });
});

describe("a UID that cannot exist is a protocol violation, and is never sent in a command", () => {
  test.each(["0", "4294967296", "99999999999999999999", "7 0"])("in SEARCH %s", async (uids) => {
    const session = await greeted(`C: a1 UID SEARCH UID 7:\\*\nS: * SEARCH ${uids}\nS: a1 OK`);
    expect(await failureOf(search(session, [{ fromUid: 7 }]))).toMatchObject({ phase: "command", code: "protocol_violation" });
  });

  test.each(["0", "0:3", "5,4294967296"])("in ESEARCH %s", async (set) => {
    const session = await greeted(`C: *\nS: * ESEARCH (TAG "a1") UID ALL ${set}\nS: a1 OK`, testRun(), "S: * OK [CAPABILITY IMAP4rev1 ESEARCH] hi");
    expect(await failureOf(search(session, []))).toMatchObject({ code: "protocol_violation" });
  });

  test.each(["0", "4294967296"])("in FETCH %s", async (uid) => {
    const session = await greeted(`C: *\nS: * 1 FETCH (UID ${uid} FLAGS ())\nS: a1 OK`);
    expect(await failureOf(fetchMessages(session, [1]))).toMatchObject({ code: "protocol_violation" });
  });

  test.each(["0", "4294967296"])("in UIDNEXT %s", async (uid) => {
    const session = await greeted(`C: a1 SELECT *\nS: * 1 EXISTS\nS: * OK [UIDNEXT ${uid}] next\nS: a1 OK`);
    expect(await failureOf(select(session, "INBOX"))).toMatchObject({ code: "protocol_violation" });
  });
});

describe("IDLE", () => {
  const waiting = { until: isNewMail, timeoutMs: 20_000 };

  test("continues until the expected response, which may arrive with the continuation request", async () => {
    const session = await greeted("C: a1 IDLE\nS: + idling\nS: * OK still here\nS: * 2 FETCH (FLAGS ())\n@delay 50ms\nS: * 3 EXISTS\nC: DONE\nS: a1 OK done");
    expect(await idle(session, waiting)).toMatchObject({ reason: "announced" });
    const early = await greeted("C: a1 IDLE\nS: * 3 EXISTS\nS: + idling\nC: DONE\nS: a1 OK done");
    expect(await idle(early, waiting)).toMatchObject({ reason: "announced" });
  });

  test("a BYE in between ends the session, with or without a close", async () => {
    for (const end of ["@close", "@expect-close"]) {
      const session = await greeted(`C: a1 IDLE\nS: + idling\n@delay 20ms\nS: * BYE [UNAVAILABLE] restarting\n${end}`);
      expect(await failureOf(idle(session, waiting))).toMatchObject({
        phase: "command",
        code: "closed",
        message: expect.stringContaining("restarting"),
        retryable: true,
      });
    }
  });

  test("a server that closes the connection without BYE is noticed", async () => {
    const session = await greeted("C: a1 IDLE\nS: + idling\n@delay 20ms\n@close");
    expect(await failureOf(idle(session, waiting))).toMatchObject({ code: "closed" });
  });

  test("a server that refuses it, and one that ends it", async () => {
    expect(await failureOf(idle(await greeted("C: a1 IDLE\nS: a1 BAD what?"), waiting))).toMatchObject({ code: "reply_rejected", message: "BAD what?" });
    expect(await idle(await greeted("C: a1 IDLE\nS: + idling\nS: a1 OK enough"), waiting)).toEqual({ reason: "ended", announcedAt: null });
  });

  test("a server that does not answer DONE", async () => {
    const session = await greeted("C: a1 IDLE\nS: + idling\nC: DONE\n@silence");
    session.options.command_timeout_ms = 200;
    expect(await failureOf(idle(session, { ...waiting, timeoutMs: 30 }))).toMatchObject({ code: "timeout" });
  });

  test("the run's deadline ends it", async () => {
    const run = testRun();
    const session = await greeted("C: a1 IDLE\nS: + idling\n@expect-close", run);
    const failure = failureOf(idle(session, waiting));
    run.state.deadline.end("timeout");
    expect(await failure).toMatchObject({ code: "timeout", message: "the run's deadline expired" });
  });
});
