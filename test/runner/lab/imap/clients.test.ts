import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, describe, expect, test } from "vitest";
import { type ImapServer, type ImapServerOptions, LAB_ACCOUNT, startImapServer } from "../../../../runner/lab/imap-server.js";
import { logout, starttls } from "../../../../runner/net/imap/commands.js";
import { fetchMessages } from "../../../../runner/net/imap/fetch.js";
import { idle, isNewMail } from "../../../../runner/net/imap/idle.js";
import { logIn } from "../../../../runner/net/imap/login.js";
import { examine, listMailboxes, select } from "../../../../runner/net/imap/mailbox.js";
import { deleteMessages } from "../../../../runner/net/imap/remove.js";
import { search } from "../../../../runner/net/imap/search.js";
import { ImapSession } from "../../../../runner/net/imap/session.js";
import { AUTH_MECHANISMS } from "../../../../schemas/smtp.js";
import { greetedImap } from "../../../support/imap-context.js";
import { programPath } from "../../../support/programs.js";
import { realServer } from "../../../support/real-servers.js";
import { testRun } from "../../../support/smtp-context.js";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0)) await thing.close();
});

async function start(options: ImapServerOptions = {}): Promise<ImapServer> {
  const server = await startImapServer(options);
  open.push(server);
  server.store.inbox.add(Buffer.from("Subject: first\r\n\r\nbody\r\n"));
  return server;
}

describe("our own client", () => {
  test("finds, waits for, reads and deletes a message", async () => {
    const server = await start({ tls: "starttls" });
    const run = testRun();
    const session = await greetedImap(run, server);
    await starttls(session, { host: "localhost", min_version: "TLSv1.2", ca: server.certificate as string });
    await logIn(session, { ...LAB_ACCOUNT, mechanism: "auto", allow_plaintext: false });
    expect((await listMailboxes(session)).map(({ name, attributes }) => [name, attributes.join()])).toEqual([
      ["INBOX", "\\HasNoChildren"],
      ["Junk", "\\HasNoChildren,\\Junk"],
    ]);
    expect(await select(session, "INBOX")).toMatchObject({ messages: 1, uidNext: 2, uidValidity: server.store.inbox.uidValidity, readOnly: false });
    expect(await search(session, [{ header: "Message-ID", contains: "<a@b>" }])).toEqual([]);
    const waiting = idle(session, { until: isNewMail, timeoutMs: 2000 });
    setTimeout(() => server.store.inbox.add(Buffer.from('Message-ID: <a@b>\r\nSubject: "second" \xe9\r\n\r\nbody\r\n', "latin1")), 20);
    expect(await waiting).toMatchObject({ reason: "announced" });
    expect(await search(session, [{ header: "Message-ID", contains: "<a@b>" }, { subject: '"second" ' }, { is: "UNDELETED" }])).toEqual([2]);
    const [message] = await fetchMessages(session, [2], { headerBytes: 20 });
    expect(message).toMatchObject({ uid: 2, sizeBytes: 48, flags: [], header: Buffer.from("Message-ID: <a@b>\r\nS") });
    expect(await deleteMessages(session, [2])).toBe("expunged");
    expect(await search(session, [{ fromUid: 1 }])).toEqual([1]);
    await logout(session);
    await expect.poll(() => server.openSockets, { interval: 5 }).toBe(0);
  });

  test.each(AUTH_MECHANISMS)("logs in by %s", async (mechanism) => {
    const server = await start();
    const run = testRun();
    const session = await greetedImap(run, server);
    const secret = mechanism === "XOAUTH2" ? { access_token: LAB_ACCOUNT.password } : { password: LAB_ACCOUNT.password };
    await logIn(session, { username: "lab", ...secret, mechanism, allow_plaintext: true });
    expect(await examine(session, "Junk")).toMatchObject({ messages: 0, readOnly: true });
    await logout(session);
  });

  test("gets an error for a wrong password", async () => {
    const server = await start();
    const run = testRun();
    const session = await greetedImap(run, server);
    const login = logIn(session, { username: "lab", password: "wrong", mechanism: "auto", allow_plaintext: true });
    await expect(login).rejects.toMatchObject({ failure: { phase: "auth", code: "reply_rejected", message: expect.stringContaining("AUTHENTICATIONFAILED") } });
    session.close();
  });

  test("is logged in from the start if no login is required, also over TLS", async () => {
    const server = await start({ auth: null, tls: "implicit" });
    const { context } = testRun();
    const target = { host: server.host, port: server.port, address_family: "any", connect_timeout_ms: 2000, command_timeout_ms: 2000 } as const;
    const session = await ImapSession.connect(context, target);
    await session.secure({ host: "localhost", min_version: "TLSv1.2", ca: server.certificate as string });
    expect((await session.greet()).status).toBe("PREAUTH");
    expect(await select(session, "inbox")).toMatchObject({ messages: 1 });
    await logout(session);
  });
});

realServer("imaplib", ["python3"], () => {
  test("reads, searches, adds and deletes", async () => {
    const server = await start({ tls: "starttls" });
    const program = fileURLToPath(new URL("../../../support/imap_client.py", import.meta.url));
    const { stdout } = await promisify(execFile)(programPath("python3") as string, [program, server.host, String(server.port)], { timeout: 10_000 });
    expect(JSON.parse(stdout)).toEqual({
      protocol: "IMAP4REV1",
      folders: ['(\\HasNoChildren) "/" "INBOX"', '(\\HasNoChildren \\Junk) "/" "Junk"'],
      count: "1",
      appended: "OK",
      searched: ["1 2", "2", "2", "1", "1"],
      fetched: '2 (UID 2 INTERNALDATE " 3-Nov-2026 06:00:00 +0000" RFC822.SIZE 47 FLAGS (\\Flagged) BODY[] {47}',
      whole: true,
      stored: "2 (UID 2 FLAGS (\\Flagged \\Deleted))",
      expunged: "OK",
      left: "1",
      noop: "OK",
      refused: "b'[AUTHENTICATIONFAILED] user name or password is wrong'",
    });
  });
});
