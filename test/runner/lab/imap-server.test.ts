import { afterEach, describe, expect, test } from "vitest";
import { type ImapServer, type ImapServerOptions, startImapServer } from "../../../runner/lab/imap-server.js";
import { RawClient } from "../../support/raw-client.js";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0)) await thing.close();
});

async function start(options: ImapServerOptions = {}): Promise<ImapServer> {
  const server = await startImapServer({ name: "lab.example", ...options });
  open.push(server);
  return server;
}

async function dial(server: ImapServer, options: { tls?: boolean } = {}): Promise<RawClient> {
  const client = await RawClient.open(server.port, options);
  open.unshift(client);
  expect(await client.line()).toMatch(/^\* (OK|PREAUTH) \[CAPABILITY IMAP4rev1 .*\] lab\.example probe-run lab ready$/);
  return client;
}

let tags = 0;

/** One command, and every line that answers it; its own tag shows as t. */
async function ask(client: RawClient, command: string): Promise<string[]> {
  const tag = `t${tags++}`;
  client.write(`${tag} ${command}\r\n`);
  const lines: string[] = [];
  for (;;) {
    const line = await client.line();
    if (line === null) return [...lines, "(closed)"];
    if (line.startsWith(`${tag} `)) return [...lines, `t ${line.slice(tag.length + 1)}`];
    lines.push(line);
  }
}

/** The tagged lines alone. */
async function said(client: RawClient, ...commands: string[]): Promise<(string | undefined)[]> {
  const answers: (string | undefined)[] = [];
  for (const command of commands) answers.push((await ask(client, command)).at(-1));
  return answers;
}

async function loggedIn(server: ImapServer, folder = "INBOX"): Promise<RawClient> {
  const client = await dial(server);
  await said(client, "LOGIN lab lab-password", `SELECT ${folder}`);
  return client;
}

const MESSAGE = Buffer.from(
  "Received: from a.example\r\n by b.example; Fri, 20 Nov 2026 06:00:00 +0000\r\nSubject: a (strange) subject\r\nX-Probe: 12ab34\r\n\r\nThe body.\r\n",
);
const AT = new Date("2026-11-03T06:00:00Z");

describe("a login", () => {
  test.each([
    ["in a line", 'LOGIN lab "lab-password"', "t OK "],
    ["with a wrong password", "LOGIN lab wrong", "t NO [AUTHENTICATIONFAILED] user name or password is wrong"],
    ["with SASL's first answer", `AUTHENTICATE PLAIN ${Buffer.from("\0lab\0lab-password").toString("base64")}`, "t OK "],
    ["with nothing behind PLAIN's initial response", "AUTHENTICATE PLAIN =", "t BAD expected identity"],
    ["by an unknown mechanism", "AUTHENTICATE FOO", "t NO [CANNOT]"],
    ["that is no base64", "AUTHENTICATE PLAIN a", "t BAD expected base64"],
    ["without a password", "LOGIN lab", "t BAD expected a space at the end"],
  ])("%s", async (_how, command, answer) => {
    const client = await dial(await start());
    expect((await said(client, command))[0]?.slice(0, answer.length)).toBe(answer);
  });

  test("in literals", async () => {
    const client = await dial(await start());
    client.write("a LOGIN {3}\r\n");
    expect(await client.line()).toBe("+ go ahead");
    client.write('lab "lab-password"\r\n');
    expect(await client.line()).toMatch(/^a OK \[CAPABILITY IMAP4rev1 /);
    const other = await dial(await start());
    other.write("a LOGIN {3+}\r\nlab {12+}\r\nlab-password\r\n");
    expect(await other.line()).toMatch(/^a OK /);
  });

  test("by PLAIN in two steps", async () => {
    const client = await dial(await start());
    client.write("a AUTHENTICATE PLAIN\r\n");
    expect(await client.line()).toBe("+ ");
    client.write(`${Buffer.from("\0lab\0lab-password").toString("base64")}\r\n`);
    expect(await client.line()).toMatch(/^a OK /);
  });

  test("is required first, allowed once, and may fail three times at most", async () => {
    const client = await dial(await start());
    expect(await said(client, "SELECT INBOX", "LIST * *", "UID SEARCH ALL", "LOGIN a b", "LOGIN a b")).toEqual([
      "t BAD log in first",
      "t BAD log in first",
      "t BAD log in first",
      expect.stringContaining("t NO"),
      expect.stringContaining("t NO"),
    ]);
    expect(await ask(client, "LOGIN a b")).toEqual(["* BYE too many failed logins, goodbye", expect.stringContaining("t NO")]);
    expect(await client.line()).toBe(null);
    const other = await loggedIn(await start());
    expect(await said(other, "LOGIN lab lab-password")).toEqual(["t BAD already logged in"]);
  });

  test("is not required if there are no accounts", async () => {
    const client = await dial(await start({ auth: null }));
    expect(await said(client, "SELECT INBOX")).toEqual(["t OK [READ-WRITE] selected"]);
  });
});

describe("STARTTLS", () => {
  test("is required before a login, and resets the session", async () => {
    const server = await start({ tls: "starttls" });
    const client = await dial(server);
    expect((await ask(client, "CAPABILITY"))[0]).toMatch(/STARTTLS LOGINDISABLED$/);
    expect(await said(client, "LOGIN lab lab-password")).toEqual(["t NO [PRIVACYREQUIRED] say STARTTLS first"]);
    client.write("a STARTTLS\r\nb LOGIN lab lab-password\r\n");
    expect(await client.line()).toBe("a OK begin TLS");
    await client.startTls();
    expect(await said(client, "SELECT INBOX", "STARTTLS", "LOGIN lab lab-password")).toEqual([
      "t BAD log in first",
      "t BAD TLS is on already",
      expect.stringContaining("t OK"),
    ]);
    expect(server.certificate).toContain("BEGIN CERTIFICATE");
  });

  test("is not offered with implicit TLS", async () => {
    const client = await dial(await start({ tls: "implicit" }), { tls: true });
    expect((await ask(client, "CAPABILITY"))[0]).not.toMatch(/STARTTLS|LOGINDISABLED/);
    expect(await said(client, "LOGIN lab lab-password")).toEqual([expect.stringContaining("t OK")]);
  });
});

test("folders, and their special use", async () => {
  const server = await start();
  const client = await dial(server);
  await said(client, "LOGIN lab lab-password");
  expect(await ask(client, 'LIST "" "*"')).toEqual(['* LIST (\\HasNoChildren) "/" "INBOX"', '* LIST (\\HasNoChildren \\Junk) "/" "Junk"', "t OK LIST done"]);
  expect(await ask(client, 'LIST (SPECIAL-USE) "" %')).toEqual(['* LIST (\\HasNoChildren \\Junk) "/" "Junk"', "t OK LIST done"]);
  expect(await ask(client, 'LIST "" "" RETURN (SPECIAL-USE)')).toEqual(['* LIST (\\Noselect) "/" ""', "t OK LIST done"]);
  expect(await ask(client, "LIST Ju (nk inbox)")).toEqual(['* LIST (\\HasNoChildren \\Junk) "/" "Junk"', "t OK LIST done"]);
  expect(await ask(client, "STATUS inbox (MESSAGES UIDNEXT UNSEEN)")).toEqual(['* STATUS "INBOX" (MESSAGES 0 UIDNEXT 1 UNSEEN 0)', "t OK STATUS done"]);
  expect(await said(client, "STATUS INBOX (NAMES)", "SELECT Trash", "CREATE Trash", "NAMESPACE", "ID NIL")).toEqual([
    "t NO NAMES is not known of a folder",
    "t NO [NONEXISTENT] there is no folder of this name",
    "t NO [CANNOT] the folders here stay as they are",
    "t OK NAMESPACE done",
    "t OK ID done",
  ]);
});

test("a message is fetched", async () => {
  const server = await start();
  server.store.inbox.add(MESSAGE, { at: AT });
  const client = await loggedIn(server);
  expect(await ask(client, "UID FETCH 1 (INTERNALDATE RFC822.SIZE FLAGS)")).toEqual([
    `* 1 FETCH (UID 1 INTERNALDATE " 3-Nov-2026 06:00:00 +0000" RFC822.SIZE ${MESSAGE.length} FLAGS ())`,
    "t OK FETCH done",
  ]);
  expect((await ask(client, "UID FETCH * BODY.PEEK[HEADER.FIELDS (subject X-PROBE)]")).join("\n")).toBe(
    "* 1 FETCH (UID 1 BODY[HEADER.FIELDS (subject X-PROBE)] {49}\nSubject: a (strange) subject\nX-Probe: 12ab34\n\n)\nt OK FETCH done",
  );
  expect((await ask(client, "FETCH 1 (BODY.PEEK[TEXT] BODY.PEEK[]<9.6>)")).join("\n")).toBe(
    "* 1 FETCH (BODY[TEXT] {11}\nThe body.\n BODY[]<9> {6}\n from )\nt OK FETCH done",
  );
  expect((await ask(client, "FETCH 1 BODY.PEEK[HEADER]")).join("\r\n")).toContain(MESSAGE.toString().slice(0, -11));
  expect((await ask(client, "FETCH 1 BODY[]")).at(-2)).toBe(" FLAGS (\\Seen))");
  expect(await said(client, "FETCH 2 FLAGS", "FETCH 1 ENVELOPE", "FETCH 1 BODY[1]", "FETCH 0 FLAGS", "FETCH 1 FLAGS)")).toEqual([
    "t OK FETCH done",
    "t NO [CANNOT] ENVELOPE is not supported here",
    "t NO [CANNOT] the part 1 is not supported here",
    't BAD expected a set of numbers, as 1:4,7,9:* at "0 FLAGS"',
    't BAD expected nothing more at ")"',
  ]);
});

test("EXAMINE changes nothing", async () => {
  const server = await start();
  const message = server.store.inbox.add(MESSAGE);
  const client = await dial(server);
  await said(client, "LOGIN lab lab-password");
  expect(await said(client, "EXAMINE INBOX", "FETCH 1 BODY[]", "STORE 1 +FLAGS (\\Deleted)", "EXPUNGE", "CLOSE")).toEqual([
    "t OK [READ-ONLY] to look at",
    "t OK FETCH done",
    "t NO [CANNOT] the folder was opened with EXAMINE",
    "t NO [CANNOT] the folder was opened with EXAMINE",
    "t OK closed",
  ]);
  expect([...message.flags]).toEqual([]);
});

test.each([
  ["ALL", "1 2 3"],
  ["HEADER X-Probe 12AB", "1"],
  ['HEADER X-Probe ""', "1 3"],
  ['SUBJECT "(STRANGE)"', "1"],
  ["SUBJECT {9+}\r\n(strange)", "1"],
  ["CHARSET UTF-8 SUBJECT {3+}\r\n\xc3\xa4b", "3"],
  ["SINCE 3-Nov-2026", "1 3"],
  ["BEFORE 3-Nov-2026", "2"],
  ["ON 3-Nov-2026", "1"],
  ["SENTON 20-Nov-2026", "2"],
  ["UNDELETED", "1 3"],
  ["NOT UNDELETED", "2"],
  ["DELETED SINCE 3-Nov-2026", ""],
  ["OR DELETED HEADER X-Probe ff", "2 3"],
  ["NOT (DELETED BODY other)", "1 3"],
  ["UID 2:*", "2 3"],
  ["UID 9:*", "3"],
  ["2,3", "2 3"],
  ["*", "3"],
  ["CHARSET UTF-8 TEXT body", "1"],
  ["LARGER 60", "1"],
  ["KEYWORD $Done", "3"],
  ["UNSEEN UNKEYWORD $Done", "1 2"],
])("UID SEARCH %s", async (criteria, found) => {
  const server = await start();
  const { inbox } = server.store;
  inbox.add(MESSAGE, { at: AT });
  inbox.add(Buffer.from("Date: Fri, 20 Nov 2026 01:00:00 +0000\r\n\r\nother\r\n"), { at: new Date("2026-11-02T23:59:59Z"), flags: ["\\Deleted"] });
  inbox.add(Buffer.from("X-Probe: ff\r\nSubject: =?utf-8?q?=C3=A4b?=\r\n\r\n"), { at: new Date("2026-11-04T00:00:00Z"), flags: ["$Done"] });
  const client = await loggedIn(server);
  expect(await ask(client, `UID SEARCH ${criteria}`)).toEqual([`* SEARCH ${found}`.trimEnd(), "t OK SEARCH done"]);
});

test.each([
  ["SEARCH", "t BAD expected a space at the end"],
  ["SEARCH FOO", "t BAD FOO is not known as a search key"],
  ["SEARCH SINCE today", "t BAD expected a day, as 1-Feb-2026"],
  ["SEARCH CHARSET KOI8-R ALL", "t NO [BADCHARSET (US-ASCII UTF-8)] this charset is not known here"],
  ["SEARCH (ALL", "t BAD expected a space at the end"],
  ["SEARCH constructor", "t BAD CONSTRUCTOR is not known as a search key"],
])("%s is refused", async (command, answer) => {
  expect(await said(await loggedIn(await start()), command)).toEqual([answer]);
});

test("one message is deleted among others, by its UID", async () => {
  const server = await start();
  const { inbox } = server.store;
  for (let count = 0; count < 4; count++) inbox.add(MESSAGE, { at: AT, flags: count === 0 ? ["\\Deleted"] : [] });
  const client = await loggedIn(server);
  expect(await ask(client, "UID STORE 3 +FLAGS.SILENT (\\deleted)")).toEqual(["t OK STORE done"]);
  expect(await ask(client, "UID EXPUNGE 3")).toEqual(["* 3 EXPUNGE", "t OK EXPUNGE done"]);
  expect(inbox.messages.map(({ uid }) => uid)).toEqual([1, 2, 4]);
  expect(await ask(client, "STORE 3 FLAGS (\\Flagged $Mine)")).toEqual(["* 3 FETCH (FLAGS (\\Flagged $Mine))", "t OK STORE done"]);
  expect(await ask(client, "EXPUNGE")).toEqual(["* 1 EXPUNGE", "t OK EXPUNGE done"]);
  expect(await ask(client, "UID COPY 2 Junk")).toEqual([`t OK [COPYUID ${inbox.uidValidity} 2 1] copied`]);
  expect(server.store.junk.messages).toHaveLength(1);
});

test("a new message is announced at once to clients in IDLE, and with the next reply to others", async () => {
  const server = await start();
  const [idling, other] = [await loggedIn(server), await loggedIn(server)];
  idling.write("a IDLE\r\n");
  expect(await idling.line()).toBe("+ idling");
  server.store.inbox.add(MESSAGE);
  server.store.junk.add(MESSAGE);
  expect([await idling.line(), await idling.line()]).toEqual(["* 1 EXISTS", "* 1 RECENT"]);
  expect(await ask(other, "SEARCH ALL")).toEqual(["* SEARCH", "t OK SEARCH done"]);
  expect(await ask(other, "NOOP")).toEqual(["* 1 EXISTS", "* 1 RECENT", "t OK NOOP done"]);
  await said(other, "STORE 1 +FLAGS (\\Deleted)", "EXPUNGE");
  expect([await idling.line(), await idling.line()]).toEqual(["* 1 FETCH (UID 1 FLAGS (\\Deleted))", "* 1 EXPUNGE"]);
  idling.write("DONE\r\n");
  expect(await idling.line()).toBe("a OK IDLE done");
});

test("a message is added from outside", async () => {
  const server = await start();
  const client = await loggedIn(server);
  client.write(`a APPEND INBOX (\\Seen) " 3-Nov-2026 06:00:00 +0000" {${MESSAGE.length}}\r\n`);
  expect(await client.line()).toBe("+ go ahead");
  client.write(`${MESSAGE.toString("latin1")}\r\n`);
  const lines = [await client.line(), await client.line(), await client.line()];
  expect(lines).toEqual(["* 1 EXISTS", "* 1 RECENT", `a OK [APPENDUID ${server.store.inbox.uidValidity} 1] added`]);
  expect(server.store.inbox.messages[0]).toMatchObject({ raw: MESSAGE, internalDate: AT });
});

describe("bounds", () => {
  test("a line that is too long, and a literal that is too large, are answered and skipped", async () => {
    const client = await dial(await start());
    expect(await said(client, `NOOP ${"x".repeat(100_000)}`, "NOOP")).toEqual(["t BAD the line is too long", "t OK NOOP done"]);
    expect(await said(client, "LOGIN {100000}", "NOOP")).toEqual(["t BAD a literal here has at most 8192 bytes", "t OK NOOP done"]);
    expect(await said(client, `LOGIN {100000+}\r\n${"x".repeat(100_000)}`)).toEqual(["t BAD a literal here has at most 8192 bytes"]);
  });

  test("a client that only sends errors, or nothing, is disconnected", async () => {
    const client = await dial(await start());
    for (let count = 0; count < 20; count++) client.write("nonsense\r\n");
    expect(await client.rest()).toMatch(/\* BYE too many mistakes, goodbye\r\n$/);
    const silent = await dial(await start({ idleMs: 40 }));
    expect(await silent.rest()).toBe("* BYE nothing heard for 0.04 s, goodbye\r\n");
  });

  test("closing ends all connections, also those in IDLE", async () => {
    const server = await start();
    const client = await loggedIn(server);
    client.write("a IDLE\r\n");
    expect(await client.line()).toBe("+ idling");
    await server.close();
    expect(await client.rest()).toBe("");
    expect([server.connections, server.openSockets]).toEqual([1, 0]);
  });
});

test("a server without a capability refuses its command", async () => {
  const client = await dial(await start({ capabilities: ["UNSELECT"] }));
  await said(client, "LOGIN lab lab-password", "SELECT INBOX");
  expect(await said(client, "IDLE", "UID EXPUNGE 1", "UNSELECT")).toEqual([
    "t BAD the command is not known here",
    "t BAD the command is not known here",
    "t OK nothing is selected",
  ]);
});

test("a test may override the reply to any command", async () => {
  const server = await start({
    behave: ({ name, before }) => (name === "NOOP" ? (before === 0 ? { answer: "NO [UNAVAILABLE] not now" } : { closeAfterMs: 10 }) : undefined),
  });
  const client = await loggedIn(server);
  expect(await said(client, "NOOP", "NOOP")).toEqual(["t NO [UNAVAILABLE] not now", "t OK NOOP done"]);
  expect(await client.line()).toBe(null);
});

test("LOGOUT", async () => {
  const client = await loggedIn(await start());
  expect(await ask(client, "LOGOUT")).toEqual(["* BYE lab.example goodbye", "t OK LOGOUT done"]);
  expect(await client.line()).toBe(null);
});
