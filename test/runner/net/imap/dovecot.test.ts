import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { capability, logout, noop, starttls } from "../../../../runner/net/imap/commands.js";
import { fetchMessages } from "../../../../runner/net/imap/fetch.js";
import { idle, isNewMail } from "../../../../runner/net/imap/idle.js";
import { logIn } from "../../../../runner/net/imap/login.js";
import { enableUtf8, examine, listMailboxes, mailboxStatus, select } from "../../../../runner/net/imap/mailbox.js";
import { deleteMessages, storeFlags } from "../../../../runner/net/imap/remove.js";
import { search } from "../../../../runner/net/imap/search.js";
import type { ImapSession } from "../../../../runner/net/imap/session.js";
import type { FailureError } from "../../../../runner/run/failure-error.js";
import type { AuthInput, AuthMechanism } from "../../../../schemas/smtp.js";
import { testAuthority } from "../../../support/certificates.js";
import { type Dovecot, startDovecot } from "../../../support/dovecot.js";
import { greetedImap } from "../../../support/imap-context.js";
import { realServer } from "../../../support/real-servers.js";
import { type TestRun, testRun } from "../../../support/smtp-context.js";

const AUTH: AuthInput = { mechanism: "auto", username: "alice", password: "correct-horse", allow_plaintext: true };
const SECURE = { host: "mx.example.org", min_version: "TLSv1.2", ca: testAuthority() } as const;

function message(subject: string, body = "hello"): string {
  return `From: a@example.net\r\nTo: alice@example.org\r\nSubject: ${subject}\r\nX-Token: t0k3n\r\n\r\n${body}\r\n`;
}

realServer("the IMAP client against dovecot", ["dovecot", "dovecot-imap"], () => {
  let dovecot: Dovecot;
  const open: ImapSession[] = [];
  beforeAll(async () => {
    dovecot = await startDovecot({ users: { alice: "correct-horse", bob: 'b"o\\b', carol: "grün", dave: "x", erin: "x", frank: "x" } });
  });
  afterEach(() => {
    for (const session of open.splice(0)) session.close();
  });
  afterAll(() => dovecot?.stop());

  async function dial(run: TestRun = testRun()): Promise<ImapSession> {
    const session = await greetedImap(run, { host: dovecot.host, port: dovecot.imap });
    open.push(session);
    return session;
  }

  async function loggedIn(username: string, run: TestRun = testRun()): Promise<ImapSession> {
    const session = await dial(run);
    await logIn(session, { ...AUTH, username, password: dovecot.users[username] as string });
    await capability(session);
    return session;
  }

  test("greeting, capabilities, STARTTLS and LOGOUT are one operation each", async () => {
    const run = testRun();
    const session = await dial(run);
    expect(session.greeting).toMatchObject({ status: "OK", text: expect.stringContaining("Dovecot") });
    expect(session.has("STARTTLS")).toBe(true);
    const { tls } = await starttls(session, SECURE);
    expect(tls).toMatchObject({ authorised: true });
    expect(session.capabilities).toBeNull();
    expect(await capability(session)).toContain("IMAP4REV1");
    expect(session.has("STARTTLS")).toBe(false);
    expect(await noop(session)).toMatchObject({ status: "OK" });
    expect(await logout(session)).toMatchObject({ status: "OK" });
    expect(run.state.recorder.operations.map(({ name, code, message: said }) => [name, code, said?.split(" ", 1)[0]])).toEqual([
      ["connect", null, "127.0.0.1"],
      ["greeting", null, "OK"],
      ["STARTTLS", null, "OK"],
      ["TLS", null, "TLSv1.3"],
      ["CAPABILITY", null, "OK"],
      ["NOOP", null, "OK"],
      ["LOGOUT", null, "OK"],
    ]);
    expect(session.farewell).toBeNull();
  });

  test.each<AuthMechanism>(["SCRAM-SHA-256", "CRAM-MD5", "PLAIN", "LOGIN"])("a login by %s succeeds with the right password only", async (mechanism) => {
    for (const username of ["alice", "bob"]) {
      const run = testRun();
      const session = await dial(run);
      expect(await logIn(session, { ...AUTH, mechanism, username, password: dovecot.users[username] as string })).toMatchObject({
        status: "OK",
      });
      const shown = JSON.stringify(run.trace);
      for (const form of [dovecot.users[username] as string, Buffer.from(`\0${username}\0${dovecot.users[username]}`).toString("base64")])
        expect(shown).not.toContain(JSON.stringify(form).slice(1, -1));
    }
    const run = testRun();
    const error = await logIn(await dial(run), { ...AUTH, mechanism, password: "wrong-horse" }).catch((reason: unknown) => reason);
    expect((error as FailureError).failure).toMatchObject({
      phase: "auth",
      code: "reply_rejected",
      message: expect.stringMatching(/^NO \[AUTHENTICATIONFAILED\]/),
    });
    expect(JSON.stringify(run.trace)).not.toContain("wrong-horse");
  });

  test("a password beyond ASCII is sent as a literal", async () => {
    const run = testRun();
    const session = await dial(run);
    expect(await logIn(session, { ...AUTH, mechanism: "LOGIN", username: "carol", password: "grün" })).toMatchObject({ status: "OK" });
    expect(JSON.stringify(run.trace)).not.toContain("grün");
  });

  test("messages are found by a header, a subject and a day, with special characters", async () => {
    const subjects = ['plain (one) "two" \\three', "=?utf-8?q?Gr=C3=BCezi_mitenand?=", "other", "{5}", "NIL"];
    for (const subject of subjects) dovecot.put("dave", message(subject), { arrived: new Date("2026-03-04T05:06:07Z") });
    const session = await loggedIn("dave");
    expect(await examine(session, "INBOX")).toMatchObject({ messages: 5, readOnly: true, uidValidity: expect.any(Number) });
    const subjectsOf = async (uids: readonly number[]): Promise<string[]> =>
      (await fetchMessages(session, uids, { headerBytes: 4096 })).map(({ header }) => /^Subject: (.*)\r$/m.exec(header?.toString() ?? "")?.[1] ?? "");
    expect(await subjectsOf(await search(session, [{ subject: 'one) "two" \\three' }]))).toEqual([subjects[0]]);
    expect(await subjectsOf(await search(session, [{ subject: "Grüezi mit" }]))).toEqual([subjects[1]]);
    expect(await subjectsOf(await search(session, [{ header: "Subject", contains: "{5}" }]))).toEqual(["{5}"]);
    expect(await subjectsOf(await search(session, [{ header: "X-Token", contains: "t0k3n" }, { subject: "NIL" }]))).toEqual(["NIL"]);
    expect(await search(session, [{ since: new Date("2026-03-04T23:00:00Z") }])).toHaveLength(5);
    expect(await search(session, [{ since: new Date("2026-03-05T00:00:00Z") }])).toEqual([]);
    expect(await search(session, [])).toHaveLength(5);
    expect(await search(session, [{ fromUid: 1000 }])).toEqual([]);
    const [first] = await fetchMessages(session, await search(session, [{ subject: "other" }]), { messageBytes: 1_000_000 });
    expect(first).toMatchObject({ internalDate: new Date("2026-03-04T05:06:07Z"), sizeBytes: message("other").length });
    expect(first?.message?.toString("latin1")).toBe(message("other"));
    // Reading a message does not mark it as read.
    expect(first?.flags).not.toContain("\\Seen");
    const [cut] = await fetchMessages(session, [first?.uid as number], { messageBytes: 10 });
    expect(cut?.message?.toString("latin1")).toBe(message("other").slice(0, 10));
  });

  test("folder names may contain any characters", async () => {
    // Répertoire & Co, in modified UTF-7.
    dovecot.put("erin", message("in a folder"), { folder: "R&AOk-pertoire &- Co" });
    const session = await loggedIn("erin");
    const names = (await listMailboxes(session)).map(({ name }) => name);
    expect(names).toContain("Répertoire & Co");
    expect(await select(session, "Répertoire & Co")).toMatchObject({ messages: 1, readOnly: false });
    expect(await mailboxStatus(session, "Répertoire & Co")).toMatchObject({ messages: 1 });
    await expect(select(session, "no such folder")).rejects.toMatchObject({
      failure: { phase: "command", code: "reply_rejected", message: expect.stringMatching(/^NO/) },
    });
    expect(await enableUtf8(session)).toBe(false);
  });

  test("only the given message is deleted, not others marked \\Deleted", async () => {
    for (const subject of ["keep", "mine", "marked by another"]) dovecot.put("frank", message(subject));
    const session = await loggedIn("frank");
    await select(session, "INBOX");
    const [mine] = await search(session, [{ subject: "mine" }]);
    const [theirs] = await search(session, [{ subject: "marked by another" }]);
    await storeFlags(session, [theirs as number], "add", ["\\Deleted"]);
    expect(await deleteMessages(session, [mine as number])).toBe("expunged");
    expect(await search(session, [])).toHaveLength(2);
    expect(await search(session, [{ is: "DELETED" }])).toEqual([theirs]);
    await logout(session);
    expect(dovecot.messages("frank").join()).not.toContain("mine");
  });

  describe("IDLE", () => {
    test("ends when a message comes", async () => {
      const run = testRun();
      const session = await loggedIn("bob", run);
      await select(session, "INBOX");
      setTimeout(() => dovecot.put("bob", message("comes later")), 150);
      const result = await idle(session, { until: isNewMail, timeoutMs: 20_000 });
      expect(result).toMatchObject({ reason: "announced", announcedAt: expect.any(Number) });
      expect(await search(session, [{ subject: "comes later" }])).toHaveLength(1);
      expect(run.state.recorder.operations.find(({ name }) => name === "IDLE")?.duration_ms).toBeGreaterThan(100);
    });

    test("ends after its timeout, and the session continues", async () => {
      const session = await loggedIn("bob");
      await select(session, "INBOX");
      expect(await idle(session, { until: isNewMail, timeoutMs: 100 })).toEqual({ reason: "timeout", announcedAt: null });
      expect(await noop(session)).toMatchObject({ status: "OK" });
    });
  });

  test("an untrusted certificate is reported", async () => {
    const session = await dial();
    expect((await starttls(session, { host: "mx.example.org", min_version: "TLSv1.2" })).tls?.authorised).toBe(false);
  });

  test("a refused command leaves the session usable", async () => {
    const session = await dial();
    expect(await session.command("NONSENSE", "command", ["NONSENSE"])).toMatchObject({ status: "BAD" });
    expect(await noop(session)).toMatchObject({ status: "OK" });
  });
});
