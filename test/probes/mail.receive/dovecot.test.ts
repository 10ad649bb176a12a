import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Dovecot, startDovecot } from "../../support/dovecot.js";
import { realServer } from "../../support/real-servers.js";
import { type Received, receive, testMessage, wireTo } from "./mailbox.js";

const USERS = ["found", "id", "prefix", "never", "old", "spam", "twice", "idle", "cut", "many", "words", "one", "secret", "folders", "poll"];
const OLD = new Date(Date.now() - 3 * 86_400_000);

realServer("mail.receive in a real dovecot", ["dovecot", "dovecot-imap"], () => {
  let dovecot: Dovecot;
  beforeAll(async () => {
    dovecot = await startDovecot({ users: Object.fromEntries(USERS.map((user) => [user, "correct-horse"])) });
  });
  afterAll(() => dovecot?.stop());

  const foundSubjects = ({ output }: Received): (string | null)[] => output.messages.map(({ subject }) => subject);

  describe("finds a message", () => {
    test.each([
      ["implicit TLS", () => ({ port: dovecot.imaps, tls_mode: "implicit" })],
      ["STARTTLS", () => ({ port: dovecot.imap, tls_mode: "starttls" })],
      ["no TLS, where that is allowed", () => ({ port: dovecot.imap, tls_mode: "none", auth: { mechanism: "LOGIN", allow_plaintext: true } })],
    ])("by its token, over %s", async (_how, more) => {
      dovecot.put("found", testMessage({ subject: "[p] 2026-11-20T02:41:46Z 1ab0c4", messageId: "<1@example.com>" }));
      const { output, trace } = await receive(dovecot, "found", { token: "1ab0c4", ...more() });
      expect(output).toMatchObject({ failure: null, error_type: null, found_by: "first_search", searches: 1, deleted_uids: [] });
      expect(output.auth?.accepted).toBe(true);
      const [message] = output.messages;
      expect(message).toMatchObject({
        folder: "INBOX",
        subject: "[p] 2026-11-20T02:41:46Z 1ab0c4",
        token: "1ab0c4",
        message_id: "<1@example.com>",
        arrived_at: null,
      });
      expect(message?.size_bytes).toBe(testMessage({ subject: "[p] 2026-11-20T02:41:46Z 1ab0c4", messageId: "<1@example.com>" }).length);
      expect(Date.now() - Date.parse(message?.internal_date as string)).toBeLessThan(60_000);
      expect(output.latest_internaldate).toBe(message?.internal_date);
      expect(JSON.stringify([output, trace])).not.toContain("correct-horse");
    });

    test.each([
      ["report", ["certificate_not_trusted"]],
      ["ignore", []],
    ])("with an untrusted certificate and the input %s", async (verify, reasons) => {
      dovecot.put("found", testMessage({ subject: "x 1ab0c5" }));
      const { output } = await receive(dovecot, "found", { token: "1ab0c5", tls_options: { verify } });
      expect(output.matched).toBeGreaterThan(0);
      expect(output.findings.map(({ reason }) => reason).filter((reason) => reason !== "duplicates")).toEqual(reasons);
    });

    test("by its Message-ID, exactly, with brackets or without", async () => {
      dovecot.put("id", testMessage({ subject: "one", messageId: "<1@example.com>" }));
      dovecot.put("id", testMessage({ subject: "two", messageId: "<11@example.com>" }));
      for (const id of ["<1@example.com>", "1@example.com"]) expect(foundSubjects(await receive(dovecot, "id", { message_id: id }))).toEqual(["one"]);
      expect((await receive(dovecot, "id", { message_id: "@example.com" })).output.matched).toBe(0);
      expect((await receive(dovecot, "id", { message_id: "1@example.com", search_subject: "two" })).output.matched).toBe(0);
    });

    test("by the beginning or a part of its subject", async () => {
      for (const subject of ["[p] one", "Re: [p] two", "[P] three"]) dovecot.put("prefix", testMessage({ subject }));
      expect(foundSubjects(await receive(dovecot, "prefix", { subject_prefix: "[p]" }))).toEqual(["[p] one"]);
      expect(new Set(foundSubjects(await receive(dovecot, "prefix", { search_subject: "[p]" })))).toEqual(new Set(["[p] one", "Re: [p] two", "[P] three"]));
    });

    test.each([
      ['He said "yes" (twice) \\o/', undefined],
      ["Přišel žluťoučký kůň (あ)", "=?UTF-8?B?UMWZacWhZWwgxb5sdcWlb3XEjWvDvSBrxa/FiCAo44GCKQ==?="],
      ['"', undefined],
    ])("whose subject is %s", async (subject, written = subject) => {
      dovecot.put("words", testMessage({ subject: written }));
      dovecot.put("words", testMessage({ subject: "another" }));
      for (const by of ["subject_prefix", "search_subject"]) expect(foundSubjects(await receive(dovecot, "words", { [by]: subject }))).toContain(subject);
    });

    test("with a password by reference", async () => {
      process.env.MAIL_RECEIVE_TEST_PASSWORD = "correct-horse";
      dovecot.put("secret", testMessage({ subject: "x 1ab0c4" }));
      for (const secret of ["mail_receive_test_password", { secret: "env:MAIL_RECEIVE_TEST_PASSWORD" }]) {
        const { output } = await receive(dovecot, "secret", { token: "1ab0c4", password: undefined, password_secret: secret });
        expect(output.matched).toBe(1);
      }
      delete process.env.MAIL_RECEIVE_TEST_PASSWORD;
    });

    test("in other folders, and reports which is for spam", async () => {
      dovecot.put("spam", testMessage({ subject: "x 1ab0c4", above: ["X-Spam-Flag: YES"] }), { folder: "Junk" });
      dovecot.put("folders", testMessage({ subject: "x 1ab0c4" }), { folder: "&ANw-berwachung" });
      const spam = await receive(dovecot, "spam", { token: "1ab0c4" });
      expect(spam.output).toMatchObject({
        status: "warning",
        matched: 1,
        findings: [{ reason: "in_spam_folder" }],
        messages: [{ folder: "Junk", is_spam_folder: true }],
      });
      expect(spam.output.messages[0]?.spam).toMatchObject([{ field: "X-Spam-Flag", verdict: "spam" }]);
      expect((await receive(dovecot, "spam", { token: "1ab0c4", spam_severity: "critical" })).output.status).toBe("error");
      expect((await receive(dovecot, "spam", { token: "1ab0c4", folders: [] })).output.error_type).toBe("no_recent_message");
      const other = await receive(dovecot, "folders", { token: "1ab0c4", folders: ["Überwachung", "not there"] });
      expect(other.output.messages).toMatchObject([{ folder: "Überwachung", is_spam_folder: false }]);
      expect(other.output.folders.map(({ name, outcome }) => [name, outcome])).toEqual([
        ["INBOX", "searched"],
        ["Überwachung", "searched"],
        ["not there", "missing"],
      ]);
    });
  });

  describe("finds no message", () => {
    test("if none arrives", async () => {
      dovecot.put("never", testMessage({ subject: "x 1ab0c4x" }));
      const began = performance.now();
      const { output } = await receive(dovecot, "never", { token: "1ab0c4", wait_ms: 400 });
      expect(performance.now() - began).toBeGreaterThan(400);
      expect(output).toMatchObject({ status: "error", failure: null, error_type: "no_recent_message", severity: "critical", found_by: null, matched: 0 });
      expect(output.findings).toMatchObject([{ severity: "error", reason: "no_recent_message" }]);
      const mild = await receive(dovecot, "never", { token: "1ab0c4", no_recent_message_severity: "warning" });
      expect(mild.output).toMatchObject({ status: "warning", error_type: "no_recent_message", severity: "warning" });
    });

    test("if it arrived too long ago, and reports that", async () => {
      dovecot.put("old", testMessage({ subject: "[p] one" }), { arrived: new Date(Date.now() - 31 * 60_000) });
      dovecot.put("old", testMessage({ subject: "[p] two" }), { arrived: OLD });
      const { output } = await receive(dovecot, "old", { subject_prefix: "[p]", wait_ms: 100 });
      expect(output).toMatchObject({ error_type: "no_recent_message", matched: 0, too_old: 2 });
      expect(output.error_msg).toContain("2 that came before were not looked at");
      expect((await receive(dovecot, "old", { subject_prefix: "[p]", max_age_minutes: 40 })).output.matched).toBe(1);
      expect((await receive(dovecot, "old", { subject_prefix: "[p]", max_age_minutes: 6000 })).output).toMatchObject({ matched: 2, duplicates: 0 });
    });

    test.each([
      ["the password is wrong", { password: "wrong" }, "auth", "execution_error"],
      ["a password is not allowed without TLS", { tls_mode: "none", auth: { mechanism: "PLAIN" } }, "auth", "configuration_error"],
      ["the folder is not there", { folder: "not there" }, "command", "configuration_error"],
      ["no folder is for that", { folder: "\\Archive" }, "command", "configuration_error"],
      ["the certificate is not trusted", { tls_options: {} }, "tls", "execution_error"],
      ["the port is closed", { port: 1 }, "connect", "transient_failure"],
    ])("when %s", async (_why, more, phase, errorType) => {
      const plain = "tls_mode" in more ? { port: dovecot.imap } : {};
      const { output } = await receive(dovecot, "never", { token: "1ab0c4", ...plain, ...more });
      expect(output).toMatchObject({ status: "error", failure: { phase }, error_type: errorType, messages: [] });
      expect(output.error_msg).toBe(output.failure?.message);
    });
  });

  describe("waits for a message", () => {
    test("that is announced at once", async () => {
      let putAt = 0;
      const { output } = await receive(dovecot, "idle", { token: "1ab0c4", wait_ms: 10_000 }, () => {
        dovecot.put("idle", testMessage({ subject: "another" }));
        putAt = Date.now();
        dovecot.put("idle", testMessage({ subject: "x 1ab0c4" }));
      });
      expect(output).toMatchObject({ status: "ok", found_by: "idle", matched: 1, reconnects: [] });
      const arrivedAt = output.messages[0]?.arrived_at as string;
      expect(arrivedAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
      // Dovecot tells at most every half second.
      expect(Date.parse(arrivedAt) - putAt).toBeGreaterThan(-50);
      expect(Date.parse(arrivedAt) - putAt).toBeLessThan(3000);
      const waited = Date.parse(arrivedAt) - Date.parse(output.connected_time as string);
      expect(waited).toBeGreaterThanOrEqual(output.waited_ms as number);
    });

    test("that arrives in the spam folder", async () => {
      dovecot.put("poll", testMessage({ subject: "old" }), { folder: "Junk" });
      const { output } = await receive(dovecot, "poll", { token: "1ab0c4", wait_ms: 10_000, poll_interval_ms: 300 }, () => {
        dovecot.put("poll", testMessage({ subject: "x 1ab0c4" }), { folder: "Junk" });
      });
      expect(output).toMatchObject({ status: "warning", found_by: "noop", messages: [{ folder: "Junk" }] });
    });

    test("over a connection that is lost once", async () => {
      const wire = await wireTo(dovecot.imaps);
      const { output } = await receive(dovecot, "cut", { port: wire.port, token: "1ab0c4", wait_ms: 10_000 }, () => {
        wire.cut();
        dovecot.put("cut", testMessage({ subject: "x 1ab0c4" }));
      });
      await wire.close();
      expect(wire.connections).toBe(2);
      expect(output).toMatchObject({ status: "ok", failure: null, matched: 1, reconnects: [{ reason: expect.stringMatching(/reset|closed/) }] });
      expect(output.reconnects[0]?.duration_ms).toBeGreaterThan(0);
      expect(output.attempts).toHaveLength(2);
    });

    test("over a connection that cannot be restored", async () => {
      const wire = await wireTo(dovecot.imaps);
      const { output } = await receive(dovecot, "cut", { port: wire.port, token: "nowhere", wait_ms: 2500 }, () => void wire.close());
      expect(output).toMatchObject({ status: "error", error_type: "transient_failure", failure: { retryable: true }, reconnects: [{ duration_ms: null }] });
    });

    test("that arrives twice, the second time a little later", async () => {
      dovecot.put("twice", testMessage({ subject: "x 1ab0c4", messageId: "<1@example.com>" }));
      const { output } = await receive(dovecot, "twice", { token: "1ab0c4", duplicate_wait_ms: 2500 }, () => {
        dovecot.put("twice", testMessage({ subject: "x 1ab0c4", messageId: "<1@example.com>" }));
      });
      expect(output).toMatchObject({ status: "warning", matched: 2, duplicates: 1, findings: [{ reason: "duplicates" }] });
      expect(output.messages.map(({ is_duplicate: isDuplicate }) => isDuplicate)).toEqual([true, false]);
      expect(new Set(output.matched_uids).size).toBe(2);
      const later = await receive(dovecot, "twice", { search_subject: "x" });
      expect(later.output).toMatchObject({ duplicates: 1, found_by: "first_search" });
    });
  });

  test("deletes only the message that matched", async () => {
    dovecot.put("one", testMessage({ subject: "marked by another client" }), { flags: "T" });
    dovecot.put("one", testMessage({ subject: "x 1ab0c4" }));
    dovecot.put("one", testMessage({ subject: "x 1ab0c5" }));
    const kept = await receive(dovecot, "one", { token: "1ab0c4" });
    expect(kept.trace.map(({ text }) => text).join("\n")).not.toMatch(/\b(SELECT|STORE|EXPUNGE) /);
    const { output } = await receive(dovecot, "one", { token: "1ab0c4", delete_after_check: true });
    expect(output).toMatchObject({ status: "ok", matched: 1 });
    expect(output.deleted_uids).toEqual(output.matched_uids);
    const left = dovecot.messages("one").map((message) => /^Subject: (.*)\r$/m.exec(message)?.[1]);
    expect(left.sort()).toEqual(["marked by another client", "x 1ab0c5"]);
  });

  test("stays fast and small in a mailbox of 20,000 messages", async () => {
    for (let number = 0; number < 20_000; number++) dovecot.put("many", testMessage({ subject: `[p] number ${number}` }), { arrived: OLD });
    for (let number = 0; number < 50; number++) dovecot.put("many", testMessage({ subject: `[p] recent ${number}` }));
    // The first client to open it makes dovecot read 20,000 files.
    await receive(dovecot, "many", { token: "warm-up" });
    const { output, trace } = await receive(dovecot, "many", { token: "1ab0c4", wait_ms: 20_000 }, () => {
      dovecot.put("many", testMessage({ subject: "x 1ab0c4" }));
    });
    expect(output).toMatchObject({ status: "ok", matched: 1, found_by: "idle", folders: [{ messages: 20_050 }, {}] });
    expect(output.operations.filter(({ name }) => name !== "IDLE").reduce((sum, { duration_ms: ms }) => sum + (ms ?? 0), 0)).toBeLessThan(5000);
    expect(trace.reduce((sum, { text }) => sum + text.length, 0)).toBeLessThan(20_000);
  }, 60_000);
});
