import { describe, expect, test } from "vitest";
import { prepareMessage } from "../../../../runner/delivery/message/prepare-message.js";

const IDENTITY = { date: new Date(0), messageId: ({ host }: { host: { host: string } }) => `<made@${host.host}>` };
const prepared = (message: string) => prepareMessage(Buffer.from(message), { signer: null, sender: null, identity: IDENTITY });

const COMPLETE = "Date: Thu, 01 Jan 1970 00:00:00 +0000\r\nMessage-ID: <1@a.example>\r\nFrom: a@a.example\r\n";

describe("a message given as text", () => {
  test("that is complete is sent unchanged", async () => {
    const { bytes, changes } = await prepared(`${COMPLETE}\r\nhello\r\n`);
    expect([bytes.toString(), changes]).toEqual([`${COMPLETE}\r\nhello\r\n`, []]);
  });

  test("loses its Bcc, folded or not, and nothing else", async () => {
    const { bytes, changes } = await prepared(
      `${COMPLETE}bcc: x@a.example,\r\n y@a.example\r\nTo: b@b.example\r\nResent-Bcc: z@a.example\r\n\r\nBcc: text\r\n`,
    );
    expect(bytes.toString()).toBe(`${COMPLETE}To: b@b.example\r\n\r\nBcc: text\r\n`);
    expect(changes.map(({ code }) => code)).toEqual(["bcc_removed"]);
  });

  test("gets a Date and a Message-ID of its author's domain", async () => {
    const { bytes, messageId, changes } = await prepared("From: Ada <ada@sender.example>\r\nSubject: x\r\n\r\nhello\r\n");
    expect(bytes.toString()).toBe(
      "Date: Thu, 01 Jan 1970 00:00:00 +0000\r\nMessage-ID: <made@sender.example>\r\nFrom: Ada <ada@sender.example>\r\nSubject: x\r\n\r\nhello\r\n",
    );
    expect(messageId).toBe("<made@sender.example>");
    expect(changes.map(({ code }) => code)).toEqual(["message_id_added", "date_added"]);
  });

  test("without a header gets one; without fields to complete it is not changed", async () => {
    expect((await prepared("\r\nhello\r\n")).bytes.toString()).toMatch(/^Date: .*\r\nMessage-ID: .*\r\n\r\nhello\r\n$/);
    expect((await prepared("this is no header\r\n\r\nhello\r\n")).bytes.toString()).toBe("this is no header\r\n\r\nhello\r\n");
  });

  test("with a line that is too long is encoded, or a finding says what will happen", async () => {
    const long = await prepared(`${COMPLETE}\r\n${"x".repeat(2000)}\r\n`);
    expect(
      Math.max(
        ...long.bytes
          .toString()
          .split("\r\n")
          .map((line) => line.length),
      ),
    ).toBeLessThanOrEqual(998);
    expect(long.changes.map(({ code }) => code)).toEqual(["lines_encoded"]);
    const signed = `${COMPLETE}Content-Type: multipart/signed; boundary=s\r\n\r\n--s\r\n\r\n${"x".repeat(2000)}\r\n--s--\r\n`;
    const kept = await prepared(signed);
    expect([kept.bytes.toString(), kept.changes.map(({ code }) => code)]).toEqual([signed, ["lines_too_long"]]);
  });

  test("is converted only once for servers without 8BITMIME", async () => {
    const message = await prepared(`${COMPLETE}\r\nGrüße\r\n`);
    expect(message.eightBit).not.toBeNull();
    const converted = await message.inSevenBits();
    expect(converted?.eightBit).toBeNull();
    expect(await message.inSevenBits()).toBe(converted);
  });
});
