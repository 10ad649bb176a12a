import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MessageBody, messageSize } from "../../../../runner/net/smtp/message-body.js";

/** What goes over the wire, one character a byte. */
function sent(...chunks: (string | Uint8Array)[]): string {
  const body = new MessageBody();
  const parts = chunks.map((chunk) => Buffer.from(body.encode(typeof chunk === "string" ? Buffer.from(chunk, "latin1") : chunk)));
  return Buffer.concat([...parts, Buffer.from(body.end())]).toString("latin1");
}

/** What a server makes of it (RFC 5321, section 4.5.2), read in the plainest way. */
function received(wire: string): string {
  const lines = wire.split("\r\n");
  expect(lines.splice(-2)).toEqual([".", ""]);
  return lines.map((line) => (line.startsWith(".") ? line.slice(1) : line)).join("\r\n");
}

describe("the end of a message", () => {
  const cases: [string, string][] = [
    ["", ".\r\n"],
    ["end", "end\r\n.\r\n"],
    ["end\r\n", "end\r\n.\r\n"],
    ["end\n", "end\r\n.\r\n"],
    ["end\r", "end\r\n.\r\n"],
    ["end\r\n\r\n", "end\r\n\r\n.\r\n"],
    ["end\r\n.", "end\r\n..\r\n.\r\n"],
  ];
  test.each(cases)("of %j", (written, wire) => expect(sent(written)).toBe(wire));
});

describe("dots at line starts", () => {
  const cases: [string[], string][] = [
    [["."], "..\r\n.\r\n"],
    [[".", "x"], "..x\r\n.\r\n"],
    [["a\r\n", ".b\r\n"], "a\r\n..b\r\n.\r\n"],
    [["a\r", "\n.b"], "a\r\n..b\r\n.\r\n"],
    [["a\r", ".b"], "a\r\n..b\r\n.\r\n"],
    [["a\r", "", "\n", ".b"], "a\r\n..b\r\n.\r\n"],
    [["a\n", ".", ".b"], "a\r\n...b\r\n.\r\n"],
    [["a.b\r\nc.\r\n"], "a.b\r\nc.\r\n.\r\n"],
  ];
  test.each(cases)("of %j", (chunks, wire) => expect(sent(...chunks)).toBe(wire));
});

describe("sequences that some servers read as the end of a message", () => {
  const cases: [string, string][] = [
    ["\n.\n", "\r\n..\r\n"],
    ["\r.\r", "\r\n..\r\n"],
    ["\r.\n", "\r\n..\r\n"],
    ["\n.\r", "\r\n..\r\n"],
    ["\n.\r\n", "\r\n..\r\n"],
    ["\r\n.\n", "\r\n..\r\n"],
    ["\r.\r\n", "\r\n..\r\n"],
    ["\r\n.\r", "\r\n..\r\n"],
    ["\r\n.\r\n", "\r\n..\r\n"],
    ["\r\n\0.\r\n", "\r\n..\r\n"],
    ["\r\n.\0\r\n", "\r\n..\r\n"],
    ["\r\0\n.\r\n", "\r\n\r\n..\r\n"],
  ];
  test.each(cases)("%j", (vector, harmless) => {
    const message = `text${vector}MAIL FROM:<smuggled@example.org>\r\n`;
    const wire = `text${harmless}MAIL FROM:<smuggled@example.org>\r\n.\r\n`;
    expect(sent(message)).toBe(wire);
    expect(sent(...message)).toBe(wire);
  });
});

test("a chunk without changes is passed on, not copied", () => {
  const body = new MessageBody();
  const chunk = Buffer.from("Subject: x\r\n\r\ntext. more\r\n");
  expect(body.encode(chunk)).toBe(chunk);
  const view = new Uint8Array(Buffer.from("\r\nmore\r\n"));
  expect(body.encode(view)).toBe(view);
});

test("SIZE counts line ends as two bytes and no doubled dots", () => {
  expect(messageSize(Buffer.from(""))).toBe(0);
  expect(messageSize(Buffer.from("a\n.b\rc"))).toBe("a\r\n.b\r\nc\r\n".length);
  expect(messageSize(Buffer.alloc(200_000, ".\n"))).toBe(300_000);
});

const treacherous = fc.array(fc.constantFrom("\r", "\n", "\r\n", ".", "..", "\0", "a", "\xff", "\r\n.\r\n"), { maxLength: 40 }).map((parts) => parts.join(""));

test("the chunks of a message do not change what is sent", () => {
  fc.assert(
    fc.property(treacherous, fc.array(fc.nat(60), { maxLength: 8 }), (message, cuts) => {
      const at = [0, ...cuts.map((cut) => Math.min(cut, message.length)), message.length].sort((a, b) => a - b);
      const chunks = at.slice(1).map((end, index) => message.slice(at[index], end));
      expect(sent(...chunks)).toBe(sent(message));
    }),
  );
});

test("the message arrives with CRLF as its only line ends", () => {
  fc.assert(
    fc.property(treacherous, (message) => {
      const wire = sent(message);
      // No CR without LF, no LF without CR, and the only line with a lone dot is the last.
      expect(wire).not.toMatch(/\r(?!\n)|(?<!\r)\n|\0/);
      expect(wire.indexOf("\r\n.\r\n")).toBe(wire.length > 3 ? wire.length - 5 : -1);
      const normal = message.replace(/\r\n|\r|\n/g, "\r\n").replaceAll("\0", "");
      expect(received(wire)).toBe(normal.endsWith("\r\n") ? normal.slice(0, -2) : normal);
    }),
  );
});
