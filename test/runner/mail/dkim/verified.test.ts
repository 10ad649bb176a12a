import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { givenKeys } from "../../../../runner/mail/dkim/given-keys.js";
import { createSigner } from "../../../../runner/mail/dkim/signer.js";
import { MessageBody } from "../../../../runner/net/smtp/message-body.js";
import { ed25519Key, rsaKey } from "../../../support/dkim-keys.js";
import { type DkimVerifier, startDkimVerifier } from "../../../support/dkim-verifier.js";
import { realServer } from "../../../support/real-servers.js";

const rsa = rsaKey("example.org");
const ed25519 = ed25519Key("example.org");
const large = rsaKey("example.org", "large", 4096);
const RECORDS = { ...rsa.records, ...ed25519.records, ...large.records };

/** What a server has after DATA: the message with its line ends, without the doubled dots. */
function received(message: Uint8Array): Buffer {
  const encoder = new MessageBody();
  const wire = Buffer.concat([encoder.encode(message), Buffer.from(encoder.end())]).toString("latin1");
  return Buffer.from(wire.slice(0, -".\r\n".length).replace(/^\./gm, ""), "latin1");
}

realServer("DKIM as python3-dkim sees it", ["dkimverify"], () => {
  let verifier: DkimVerifier;
  beforeAll(() => {
    verifier = startDkimVerifier();
  });
  afterAll(() => verifier.stop());

  async function signedAndSent(message: string | Uint8Array, keys = [rsa, ed25519]): Promise<Buffer> {
    const bytes = typeof message === "string" ? Buffer.from(message) : message;
    const signed = await createSigner({ keys: givenKeys(keys) }).sign(bytes);
    expect(signed.problems).toEqual([]);
    expect(signed.signatures).toHaveLength(keys.length);
    return received(Buffer.concat([signed.header, bytes]));
  }

  test.each(Object.entries(MESSAGES))("%s", async (_what, message) => {
    expect(await verifier.verify(await signedAndSent(message), RECORDS)).toEqual(["pass", "pass"]);
  });

  test("three keys give three signatures", async () => {
    const message = await signedAndSent("From: a@example.org\r\n\r\nhello\r\n", [rsa, ed25519, large]);
    expect(await verifier.verify(message, RECORDS)).toEqual(["pass", "pass", "pass"]);
  });

  test("a signature that expires is good until then, and has expired afterwards", async () => {
    const sign = (now: number) => createSigner({ keys: givenKeys([rsa]), expiresAfterSeconds: 3600, now: () => now }).sign(Buffer.from(PLAIN));
    const fresh = await sign(Date.now());
    const old = await sign(Date.now() - 200_000_000);
    expect(await verifier.verify(received(Buffer.concat([fresh.header, Buffer.from(PLAIN)])), RECORDS)).toEqual(["pass"]);
    expect(await verifier.verify(received(Buffer.concat([old.header, Buffer.from(PLAIN)])), RECORDS)).not.toEqual(["pass"]);
  });

  test.each(Object.entries(CHANGES))("%s breaks the signature", async (_what, change) => {
    const message = (await signedAndSent(PLAIN)).toString("latin1");
    const changed = change(message);
    expect(changed).not.toBe(message);
    expect(await verifier.verify(Buffer.from(changed, "latin1"), RECORDS)).not.toContain("pass");
  });

  test.each(Object.entries(HARMLESS))("%s does not", async (_what, change) => {
    const message = (await signedAndSent(PLAIN)).toString("latin1");
    const changed = change(message);
    expect(changed).not.toBe(message);
    expect(await verifier.verify(Buffer.from(changed, "latin1"), RECORDS)).toEqual(["pass", "pass"]);
  });

  test("a date that a relay adds where there was none does not break it", async () => {
    const message = (await signedAndSent("From: a@example.org\r\nSubject: s\r\n\r\nhello\r\n")).toString("latin1");
    const added = message.replace("Subject:", "Date: Fri, 20 Nov 2026 06:00:00 +0000\r\nMessage-ID: <1@relay.example>\r\nSubject:");
    expect(await verifier.verify(Buffer.from(added, "latin1"), RECORDS)).toEqual(["pass", "pass"]);
  });

  const HEADER_PIECES = ["Subject: x", "To: b@example.net", "X-Other:y", "Cc:\tc@example.net  ", "List-Id: <l>", "To: d@example.net", "Reply-To:e@example.org"];
  const BODY_PIECES = ["a", " ", "\t", "\r\n", "\r\n\r\n", "\n", "\r", ".", "-", "é", "\0", "x".repeat(700)];

  test("any headers with any body", async () => {
    const messages = fc.tuple(fc.array(fc.constantFrom(...HEADER_PIECES), { maxLength: 8 }), fc.array(fc.constantFrom(...BODY_PIECES), { maxLength: 40 }));
    await fc.assert(
      fc.asyncProperty(messages, async ([fields, body]) => {
        const message = `${["From: a@example.org", ...fields].join("\r\n")}\r\n\r\n${body.join("")}`;
        expect(await verifier.verify(await signedAndSent(message), RECORDS)).toEqual(["pass", "pass"]);
      }),
      { numRuns: 150 },
    );
  }, 60_000);
});

const HEADER = "From: A <a@example.org>\r\nTo: b@example.net\r\nSubject: hello\r\nDate: Fri, 20 Nov 2026 06:00:00 +0000\r\nMessage-ID: <1@example.org>\r\n";
const PLAIN = `${HEADER}MIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nhello\r\nworld\r\n`;

const MESSAGES: Readonly<Record<string, string | Buffer>> = {
  "a plain message": PLAIN,
  "no body": HEADER,
  "an empty body": `${HEADER}\r\n`,
  "a body of empty lines": `${HEADER}\r\n\r\n\r\n\r\n`,
  "empty lines at the end": `${PLAIN}\r\n\r\n\r\n`,
  "no line end at the end": `${HEADER}\r\nhello`,
  "white space at the end of lines": `${HEADER}\r\nhello \t \r\n\t\r\nworld  \r\n`,
  "tabs and many blanks": `${HEADER}\r\na\t\tb     c \t d\r\n`,
  "a folded header": `From: "A very long name" \r\n <a@example.org>\r\nTo: b@example.net,\r\n\tc@example.net,\r\n  d@example.net\r\nSubject: a\r\n  b \r\n\tc\r\n\r\nhello\r\n`,
  "blanks behind the colon, or none": "From:  a@example.org\r\nSubject:no blank\r\nTo:   \tb@example.net\r\n\r\nhello\r\n",
  "an empty field": "From: a@example.org\r\nSubject:\r\nTo: b@example.net\r\n\r\nhello\r\n",
  "the same field several times": `Reply-To: x@example.org\r\n${HEADER}Reply-To: y@example.org\r\nList-Id: <1>\r\nList-Id: <2>\r\n\r\nhello\r\n`,
  "UTF-8 in the header and the body (SMTPUTF8)": `From: Jürgen <jürgen@example.org>\r\nTo: 用户@example.net\r\nSubject: grüße\u00a0\u3000 x\r\n\r\nschöne Grüße\u00a0 \r\n`,
  "bytes that are no UTF-8": Buffer.from("From: a@example.org\r\nSubject: gr\xfc\xdfe\r\n\r\n\xff\xfe \xa0\r\n", "latin1"),
  "lines of 998 octets": `From: a@example.org\r\nSubject: ${"s".repeat(989)}\r\n\r\n${"x".repeat(998)}\r\n${"y z".repeat(332)}\r\n`,
  "dots at the start of lines": `${HEADER}\r\n.\r\n..\r\n.dot\r\n`,
  "bare line feeds throughout": PLAIN.replaceAll("\r\n", "\n"),
  "bare carriage returns in the body": `${HEADER}\r\na\rb\r\rc\r\n`,
  NUL: `${HEADER}X-A: \0b\r\n\r\na\0b\r\n`,
  "line ends of three kinds": "From: a@example.org\nTo: b@example.net\rSubject: s\r\n\n\na\rb\n\r\nc",
  "a megabyte": `${HEADER}\r\n${"0123456789 abcdefghijklmnopqrstuvwxyz  \r\n".repeat(25_000)}`,
};

const CHANGES: Readonly<Record<string, (message: string) => string>> = {
  "another word in the body": (message) => message.replace("world", "word"),
  "another subject": (message) => message.replace("Subject: hello", "Subject: hallo"),
  "a second From above": (message) => `From: evil@example.com\r\n${message}`,
  "a second From below": (message) => message.replace("Subject:", "From: evil@example.com\r\nSubject:"),
  "a second Subject": (message) => `Subject: other\r\n${message}`,
  "a second Date": (message) => `Date: Fri, 20 Nov 2020 06:00:00 +0000\r\n${message}`,
  "a Reply-To where there was none": (message) => `Reply-To: evil@example.com\r\n${message}`,
  "a Cc where there was none": (message) => message.replace("Subject:", "Cc: c@example.com\r\nSubject:"),
  "no Subject": (message) => message.replace("Subject: hello\r\n", ""),
  "a second Content-Type": (message) => message.replace("Content-Type:", "Content-Type: text/html\r\nContent-Type:"),
  "more at the end": (message) => `${message}more\r\n`,
};

const HARMLESS: Readonly<Record<string, (message: string) => string>> = {
  "a Received above": (message) => `Received: from a by b; Fri, 20 Nov 2026 06:00:01 +0000\r\n${message}`,
  "a fold elsewhere": (message) => message.replace("From: A <", "From: A\r\n\t<"),
  "blanks at line ends": (message) => message.replace("hello\r\nworld", "hello  \r\nworld"),
  "empty lines at the end": (message) => `${message}\r\n\r\n`,
  "a Sender and a List-Id of a mailing list": (message) => message.replace("From:", "Sender: list@lists.example\r\nList-Id: <list>\r\nFrom:"),
};
