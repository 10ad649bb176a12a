import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compose, headerProblem, type MessageFields } from "../../../runner/mail/compose.js";
import { newMessageId } from "../../../runner/mail/message-id.js";
import { parseNamedMailbox } from "../../../runner/mail/named-mailbox.js";
import { newToken, testSubject } from "../../../runner/mail/token.js";
import { type Mailbox, parseMailbox } from "../../../runner/net/smtp/mailbox.js";

const FIELDS: MessageFields = {
  from: { path: "alice@example.org" },
  to: [{ path: "bob@example.org" }],
  subject: "a subject",
  text: "a text",
  date: new Date(Date.UTC(2026, 10, 20, 6, 30)),
  message_id: "<1@example.org>",
};

async function composed(fields: Partial<MessageFields> = {}): Promise<string> {
  return (await compose({ ...FIELDS, ...fields })).toString("latin1");
}

/** A field's value, unfolded. */
function field(message: string, name: string): string | undefined {
  const header = message.slice(0, message.indexOf("\r\n\r\n")).replace(/\r\n(?=[ \t])/g, "");
  return header
    .split("\r\n")
    .find((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}: `))
    ?.slice(name.length + 2);
}

function decodedWords(value: string): string {
  return value.replace(/\?=\s+=\?/g, "?==?").replace(/=\?UTF-8\?([QB])\?(.*?)\?=/gi, (_, encoding: string, words: string) => {
    if (encoding === "B") return Buffer.from(words, "base64").toString("latin1");
    return words.replaceAll("_", " ").replace(/=(..)/g, (__, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
  });
}

test("a message of one text", async () => {
  expect(await composed({ reply_to: { path: "carol@example.org" }, headers: [{ name: "X-Check", value: "one" }] })).toBe(
    [
      "From: alice@example.org",
      "To: bob@example.org",
      "Reply-To: carol@example.org",
      "X-Check: one",
      "Auto-Submitted: auto-generated",
      "Subject: a subject",
      "Message-ID: <1@example.org>",
      "Date: Fri, 20 Nov 2026 06:30:00 +0000",
      "Content-Transfer-Encoding: 7bit",
      "MIME-Version: 1.0",
      "Content-Type: text/plain; charset=utf-8",
      "",
      "a text\r\n",
    ].join("\r\n"),
  );
});

test("a text that needs no encoding is put together as the composer would", async () => {
  // An attachment that is not there makes the composer go its own way.
  const { default: MailComposer } = await import("nodemailer/lib/mail-composer");
  const plain = fc.string({ unit: fc.constantFrom("a", "b c", "\r\n", ".", "x".repeat(70), "From here") });
  await fc.assert(
    fc.asyncProperty(plain, plain, async (subject, text) => {
      const oneLine = `s ${subject.replace(/\r\n/g, "")} s`;
      const { date, message_id: messageId } = FIELDS;
      const headers = { "Auto-Submitted": "auto-generated" };
      const theirs = new MailComposer({ subject: oneLine, text, date, messageId, headers, newline: "win" });
      const addresses = `From: ${FIELDS.from.path}\r\nTo: ${FIELDS.to[0]?.path}\r\n`;
      expect(await composed({ subject: oneLine, text })).toBe(addresses + (await theirs.compile().build()).toString("latin1"));
    }),
  );
});

test("the same fields give the same bytes, with all that a message can have", async () => {
  const fields = {
    html: "<p>a text</p>",
    cc: [{ path: "dan@example.org" }],
    attachments: [
      { name: "grüße.txt", content: Buffer.from("one\n.\ntwo") },
      { name: "x", type: "text/x-odd", content: Buffer.alloc(5000) },
    ],
  };
  const message = await composed(fields);
  expect(await composed(fields)).toBe(message);
  expect(message).toContain("Cc: dan@example.org\r\n");
  expect(message).toContain("Content-Type: text/html; charset=utf-8\r\n");
  expect(message).toContain(Buffer.from("one\n.\ntwo").toString("base64"));
  expect(await composed({ ...fields, message_id: "<2@example.org>" })).not.toBe(message.replaceAll("<1@", "<2@"));
});

test("a word that is longer than a line is cut, and read as one", async () => {
  const word = "x".repeat(3000);
  const message = await composed({ subject: word, headers: [{ name: "X-Long", value: word }] });
  expect(Math.max(...message.split("\r\n").map((line) => line.length))).toBeLessThanOrEqual(998);
  for (const name of ["Subject", "X-Long"]) expect(decodedWords(field(message, name) as string)).toBe(word);
});

describe("a subject comes through as it was written", () => {
  test.each(['say "hi" (now), a@b; <c>', "Grüezi — 日本語 📧", "a\\b = c?", "x".repeat(300)])("%s", async (subject) => {
    const value = field(await composed({ subject }), "Subject") as string;
    expect(Buffer.from(decodedWords(value), "latin1").toString("utf8").trim()).toBe(subject);
  });
});

test("no value can add a field, a line or an end of the message", async () => {
  const hostile = fc.string({ unit: fc.constantFrom("a", "\r", "\n", "\r\n", ".", " ", "\0", ":", "<", ">", '"', ",", "é", "\t", "\u2028", "x".repeat(400)) });
  await fc.assert(
    fc.asyncProperty(fc.tuple(hostile, hostile, hostile, hostile), async ([subject, text, value, name]) => {
      const message = await composed({
        subject,
        text,
        headers: [{ name: "X-Value", value }],
        attachments: [{ name: name.slice(0, 255), content: Buffer.from(text) }],
      });
      expect(message).not.toMatch(/[^\r]\n|\r(?!\n)|\0/);
      expect(Math.max(...message.split("\r\n").map((line) => line.length))).toBeLessThanOrEqual(998);
      const names = message
        .slice(0, message.indexOf("\r\n\r\n"))
        .split("\r\n")
        .filter((line) => !/^[ \t]/.test(line))
        .map((line) => line.slice(0, line.indexOf(":")));
      const known = [
        "X-Value",
        "Auto-Submitted",
        "From",
        "To",
        "Subject",
        "Message-ID",
        "Date",
        "MIME-Version",
        "Content-Type",
        "Content-Transfer-Encoding",
        "Content-Disposition",
      ];
      expect(names.filter((each) => !known.includes(each))).toEqual([]);
      expect(new Set(names).size).toBe(names.length);
    }),
    { numRuns: 300 },
  );
});

test("addresses stay one each, as the envelope has them", async () => {
  const message = await composed({ from: { path: '"a, b<>"@example.org' }, to: [{ path: "büro@example.org" }, { path: "x+y@example.org" }] });
  expect(field(message, "From")).toBe('<"a, b<>"@example.org>');
  expect(Buffer.from(field(message, "To") as string, "latin1").toString("utf8")).toBe("büro@example.org, x+y@example.org");
});

describe("a display name is read as it was given", () => {
  test.each<[name: string, written: string | RegExp]>([
    ["Shop", "Shop <a@example.org>"],
    ["A. B", '"A. B" <a@example.org>'],
    ['say "hi" \\ now', '"say \\"hi\\" \\\\ now" <a@example.org>'],
    ["Shop, Inc.; all: <b@example.org>", '"Shop, Inc.; all: <b@example.org>" <a@example.org>'],
    ["=?utf-8?q?x?=", '"=?utf-8?q?x?=" <a@example.org>'],
    ["Grüße an 日本語 und den ganzen langen Rest der Welt, die es gibt", /^(=\?UTF-8\?Q\?[A-Za-z0-9_=!*+/-]+\?= ?)+ <a@example\.org>$/],
  ])("%s", async (name, written) => {
    const value = field(await composed({ reply_to: { name, path: "a@example.org" } }), "Reply-To") as string;
    expect(value).toMatch(typeof written === "string" ? new RegExp(`^${written.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")}$`) : written);
    expect(parseNamedMailbox(value)).toMatchObject({ name, path: "a@example.org" });
  });
});

test("a further field may not be one that is generated", () => {
  for (const name of ["X-Check", "List-Unsubscribe", "Sender"]) expect(headerProblem(name)).toBeNull();
  for (const name of ["Return-Path", "received", "Resent-Bcc", "DKIM-Signature", "ARC-Seal"]) expect(headerProblem(name)).not.toBeNull();
  for (const name of ["from", "CONTENT-TYPE", "Message-Id", "a b", "a:", "", "ü", "x".repeat(77)]) expect(headerProblem(name)).not.toBeNull();
});

test("a token is six characters, a subject is prefix, time and token", () => {
  expect(newToken()).toMatch(/^[0-9a-f]{6}$/);
  expect(new Set(Array.from({ length: 100 }, newToken)).size).toBeGreaterThan(98);
  expect(testSubject("[probe]", new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 678)), "abc123")).toBe("[probe] 2026-01-02T03:04:05Z abc123");
});

test("a Message-ID is of its sender's domain", () => {
  expect(newMessageId(parseMailbox("a@büro.example") as Mailbox)).toMatch(/^<[0-9a-f-]{36}@xn--bro-hoa.example>$/);
  expect(newMessageId(parseMailbox("a@[IPv6:2001:db8::1]") as Mailbox)).toMatch(/@\[IPv6:2001:db8::1\]>$/);
});
