import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { BodyHash } from "../../../../runner/mail/dkim/body-hash.js";
import { MessageBody } from "../../../../runner/net/smtp/message-body.js";

function hashOf(...chunks: Uint8Array[]): string {
  const hash = new BodyHash();
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest();
}

function sha256(canonical: string): string {
  return createHash("sha256").update(Buffer.from(canonical, "latin1")).digest("base64");
}

/** RFC 6376, section 3.4.4, rule by rule and no faster than it reads. */
function relaxedPlainly(body: string): string {
  const lines = body
    .replace(/\r\n|\r|\n/g, "\r\n")
    .replaceAll("\0", "")
    .split("\r\n")
    .map((line) => line.replace(/[ \t]+/g, " ").replace(/ $/, ""));
  while (lines.at(-1) === "") lines.pop();
  return lines.map((line) => `${line}\r\n`).join("");
}

test.each([
  ["nothing", "", ""],
  ["one line end", "\r\n", ""],
  ["empty lines only", "\r\n\r\n\r\n", ""],
  ["white space only", " \t \r\n\t\r\n", ""],
  ["the example of RFC 6376, section 3.4.5", " C \r\nD \t E\r\n\r\n\r\n", " C\r\nD E\r\n"],
  ["no line end at the end", "a", "a\r\n"],
  ["empty lines before and between", "\r\n\r\na\r\n\r\n\r\nb\r\n", "\r\n\r\na\r\n\r\n\r\nb\r\n"],
  ["a line of white space between", "a\r\n \t\r\nb\r\n", "a\r\n\r\nb\r\n"],
  ["white space at both ends of lines", "  a  \r\n\tb\t\r\n", " a\r\n b\r\n"],
  ["white space at the end of the body", "a \t", "a\r\n"],
  ["bare line feeds", "a\nb\n\n", "a\r\nb\r\n"],
  ["bare carriage returns", "a\rb\r\r", "a\r\nb\r\n"],
  ["a carriage return before CR LF", "a\r\r\nb", "a\r\n\r\nb\r\n"],
  ["NUL", "a\0b\r\0\nc \0 d", "ab\r\n\r\nc d\r\n"],
  ["dots at the start of lines", ".a\r\n..\r\n.\r\n", ".a\r\n..\r\n.\r\n"],
  ["bytes that are no UTF-8", "\xff\xa0\x85 \xe9\r\n", "\xff\xa0\x85 \xe9\r\n"],
  ["other control characters", "a\x0b\x0c\x01 b\r\n", "a\x0b\x0c\x01 b\r\n"],
  ["a line of 998 octets", `${"x".repeat(998)}\r\n`, `${"x".repeat(998)}\r\n`],
  ["a thousand empty lines, then a word", `${"\r\n".repeat(10_000)}a`, `${"\r\n".repeat(10_000)}a\r\n`],
])("%s", (_what, body, canonical) => {
  const bytes = Buffer.from(body, "latin1");
  expect(hashOf(bytes)).toBe(sha256(canonical));
  expect(hashOf(...[...bytes].map((byte) => Buffer.of(byte))), "byte by byte").toBe(sha256(canonical));
});

const bodies = fc.array(fc.constantFrom("\r", "\n", "\r\n", " ", "\t", "  ", "a", "bc", ".", "\0", "\x0b", "\xe9", "-".repeat(1100)), { maxLength: 60 });

test("any body in any chunks is hashed as the rules of the standard say", () => {
  fc.assert(
    fc.property(bodies, fc.array(fc.nat(400), { maxLength: 8 }), (pieces, cuts) => {
      const body = pieces.join("");
      const bytes = Buffer.from(body, "latin1");
      const borders = [...new Set([0, ...cuts.filter((cut) => cut < bytes.length), bytes.length])].sort((a, b) => a - b);
      const chunks = borders.slice(1).map((end, index) => bytes.subarray(borders[index], end));
      expect(hashOf(...chunks)).toBe(sha256(relaxedPlainly(body)));
    }),
    { numRuns: 2000 },
  );
});

test("what is hashed is what is sent: the body as it stands and as it is on the wire give one hash", () => {
  fc.assert(
    fc.property(bodies, (pieces) => {
      const bytes = Buffer.from(pieces.join(""), "latin1");
      const encoder = new MessageBody();
      const wire = Buffer.concat([encoder.encode(bytes), Buffer.from(encoder.end())]).toString("latin1");
      const received = wire.slice(0, -".\r\n".length).replace(/^\./gm, "");
      expect(hashOf(Buffer.from(received, "latin1"))).toBe(hashOf(bytes));
    }),
    { numRuns: 2000 },
  );
});
