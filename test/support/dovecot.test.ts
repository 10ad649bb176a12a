import { afterAll, beforeAll, expect, test } from "vitest";
import { type Dovecot, startDovecot } from "./dovecot.js";
import { RawClient } from "./raw-client.js";
import { realServer } from "./real-servers.js";

const MESSAGE = "From: a@example.net\r\nTo: alice@example.org\r\nSubject: put there\r\n\r\nhello\r\n";

realServer("dovecot with IMAP, POP3 and LMTP", ["dovecot", "dovecot-imap", "dovecot-pop3", "dovecot-lmtp"], () => {
  let dovecot: Dovecot;
  const clients: RawClient[] = [];
  beforeAll(async () => {
    dovecot = await startDovecot();
  });
  afterAll(async () => {
    for (const client of clients) client.close();
    await dovecot?.stop();
  });

  async function dial(port: number, tls = false): Promise<RawClient> {
    const client = await RawClient.open(port, { tls });
    clients.push(client);
    return client;
  }

  /** Sends an IMAP command, and gives what comes up to its tagged answer. */
  async function ask(client: RawClient, command: string): Promise<string> {
    client.write(`t ${command}\r\n`);
    for (let text = ""; ; ) {
      const line = await client.line();
      text += `${line}\n`;
      if (line === null || line.startsWith("t ")) return text;
    }
  }

  test("the IMAP port offers STARTTLS, and takes the password", async () => {
    const client = await dial(dovecot.imap);
    expect(await client.line()).toMatch(/^\* OK \[CAPABILITY .*STARTTLS/);
    expect(await ask(client, "STARTTLS")).toMatch(/^t OK/);
    await client.startTls();
    expect(await ask(client, "LOGIN alice wrong")).toMatch(/^t NO \[AUTHENTICATIONFAILED\]/);
    expect(await ask(client, "LOGIN alice@example.org correct-horse")).toMatch(/^t OK/m);
  });

  test("a message that is put into a folder is there, with its date and its flags", async () => {
    dovecot.put("alice", MESSAGE, { folder: "Spam", arrived: new Date("2026-01-02T03:04:05Z"), flags: "S" });
    const client = await dial(dovecot.imaps, true);
    await client.line();
    await ask(client, "LOGIN alice correct-horse");
    expect(await ask(client, 'LIST "" *')).toContain("Spam");
    expect(await ask(client, "SELECT Spam")).toContain("* 1 EXISTS");
    const fetched = await ask(client, "FETCH 1 (INTERNALDATE FLAGS BODY.PEEK[])");
    expect(fetched).toContain("02-Jan-2026 03:04:05 +0000");
    expect(fetched).toContain("\\Seen");
    expect(fetched).toContain("Subject: put there");
    expect(dovecot.messages("alice", "Spam")).toEqual([MESSAGE]);
  });

  test("the POP3 ports answer, in the clear with a timestamp for APOP", async () => {
    const plain = await dial(dovecot.pop3);
    expect(await plain.line()).toMatch(/^\+OK .*<.+>$/);
    const secure = await dial(dovecot.pop3s, true);
    expect(await secure.line()).toMatch(/^\+OK/);
    secure.write("USER alice\r\n");
    expect(await secure.line()).toMatch(/^\+OK/);
    secure.write("PASS correct-horse\r\n");
    expect(await secure.line()).toMatch(/^\+OK/);
  });

  test("what is delivered over LMTP for user+Folder lies in that folder", async () => {
    const client = await dial(dovecot.lmtp);
    expect(await client.reply()).toMatch(/^220/);
    expect(await client.ask("LHLO test.example")).toMatch(/^250/);
    expect(await client.ask("MAIL FROM:<a@example.net>")).toMatch(/^250/);
    expect(await client.ask("RCPT TO:<alice+Junk@example.org>")).toMatch(/^250/);
    expect(await client.ask("DATA")).toMatch(/^354/);
    expect(await client.ask(`${MESSAGE}.`)).toMatch(/^250/);
    expect(dovecot.messages("alice", "Junk").join()).toContain("Subject: put there");
  });
});
