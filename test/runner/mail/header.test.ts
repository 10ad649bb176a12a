import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeWords } from "../../../runner/mail/encoded-words.js";
import { bodiesOf, parseHeader } from "../../../runner/mail/header.js";
import { HEADER_LIMITS } from "../../../runner/mail/limits.js";
import { processorMs } from "../../support/processor-ms.js";

const latin1 = (text: string): string => Buffer.from(text).toString("latin1");
const fieldsOf = (bytes: string): [string, string][] => parseHeader(bytes).fields.map(({ name, body }) => [name, body]);

describe("a header", () => {
  test("ends at the empty line", () => {
    expect(fieldsOf("Subject: one\r\nTo: ada@example.org\r\n\r\nSubject: in the body\r\n")).toEqual([
      ["Subject", "one"],
      ["To", "ada@example.org"],
    ]);
  });

  test("is unfolded, with blanks of any kind", () => {
    expect(fieldsOf("Subject: one\r\n two\r\n\tthree\r\nTo:\r\n ada@example.org\r\n\r\n")).toEqual([
      ["Subject", "one two three"],
      ["To", "ada@example.org"],
    ]);
  });

  test("may have bare line feeds, no body and no end", () => {
    expect(fieldsOf("A: 1\nB: 2\n\nC: 3")).toEqual([
      ["A", "1"],
      ["B", "2"],
    ]);
    expect(fieldsOf("A: 1")).toEqual([["A", "1"]]);
    expect(fieldsOf("\r\nA: 1\r\n")).toEqual([]);
    expect(fieldsOf("")).toEqual([]);
  });

  test("keeps repeated fields in their order, in any case of their names", () => {
    const header = parseHeader("Received: 3\r\nX: x\r\nRECEIVED: 2\r\nreceived : 1\r\n\r\n");
    expect(bodiesOf(header, "Received")).toEqual(["3", "2", "1"]);
  });

  test("passes over what is no field", () => {
    expect(
      fieldsOf(" goes on with nothing\r\nFrom ada Fri Nov 20\r\nno colon\r\n goes on with no colon\r\n: no name\r\nÄ: no name either\r\nA: 1\r\n"),
    ).toEqual([["A", "1"]]);
  });

  test("holds UTF-8 as it is, and else Latin-1", () => {
    expect(fieldsOf(latin1("Subject: Grüße 👋\r\n"))).toEqual([["Subject", "Grüße 👋"]]);
    expect(fieldsOf("Subject: Gr\u00fc\u00dfe\r\n")).toEqual([["Subject", "Grüße"]]);
  });

  test("gives no control characters on", () => {
    expect(fieldsOf("Subject: a\rb\u0000c\u001b[31md\r\n")).toEqual([["Subject", "a b c [31md"]]);
  });

  test("is read up to its limits, which is reported", () => {
    const many = parseHeader("A: 1\r\n".repeat(HEADER_LIMITS.fields + 1));
    expect([many.fields.length, many.isCut]).toEqual([HEADER_LIMITS.fields, true]);
    const long = parseHeader(`A: ${"x".repeat(HEADER_LIMITS.headerBytes)}\r\n`);
    expect(long.isCut).toBe(true);
    expect(long.fields[0]?.body.length).toBeLessThanOrEqual(HEADER_LIMITS.fieldBytes);
    expect(parseHeader(`A: 1\r\n\r\n${"x".repeat(HEADER_LIMITS.headerBytes)}`).isCut).toBe(false);
  });

  test("gives back the fields that were written", () => {
    const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,20}$/);
    const body = fc.stringMatching(/^[!-~][ -~]{0,60}[!-~]$/);
    const fold = (text: string): string => text.replaceAll(" ", "\r\n ");
    fc.assert(
      fc.property(fc.array(fc.tuple(name, body)), fc.boolean(), (fields, isFolded) => {
        const written = fields.map(([key, value]) => `${key}: ${isFolded ? fold(value) : value}\r\n`).join("");
        expect(fieldsOf(`${written}\r\nbody`)).toEqual(fields);
      }),
    );
  });

  test("any bytes are read without an error, and every body is one line", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("A", ":", " ", "\r", "\n", "\t", "\u0000", "é", "=", "?"), maxLength: 400 }), (bytes) => {
        for (const { body } of parseHeader(bytes).fields) expect(body).not.toMatch(/[\r\n]/);
      }),
    );
  });
});

const WORDS: readonly [what: string, written: string, text: string][] = [
  ["Q", "=?utf-8?Q?Gr=C3=BC=C3=9Fe?=", "Grüße"],
  ["B", "=?UTF-8?b?R3LDvMOfZQ==?=", "Grüße"],
  ["B without its padding", "=?UTF-8?B?R3LDvMOfZQ?=", "Grüße"],
  ["an underscore is a space", "=?iso-8859-1?q?Gr=FC=DFe_an_alle?=", "Grüße an alle"],
  ["a language", "=?utf-8*de?Q?Gr=C3=BC=C3=9Fe?=", "Grüße"],
  ["Windows' own", "=?windows-1252?Q?=80_5?=", "€ 5"],
  ["Japanese", "=?ISO-2022-JP?B?GyRCRnxLXDhsGyhC?=", "日本語"],
  ["between words", "Re: =?utf-8?Q?Gr=C3=BC=C3=9Fe?= (2)", "Re: Grüße (2)"],
  ["blanks between two words are dropped", "=?utf-8?Q?a?=  =?utf-8?Q?b?= c", "ab c"],
  ["a blank between a word and text stays", "=?utf-8?Q?a?= b =?utf-8?Q?c?=", "a b c"],
  ["two charsets", "=?utf-8?Q?=C3=BC?= =?iso-8859-1?Q?=FC?=", "üü"],
  ["a character cut between two words", "=?utf-8?Q?=C3?= =?utf-8?Q?=BC?=", "ü"],
  ["a space that had to be encoded", "=?utf-8?Q?a b?=", "a b"],
  ["an unknown charset", "=?klingon?Q?a?= =?utf-8?Q?b?=", "=?klingon?Q?a?= b"],
  ["bytes that are not in their charset", "=?utf-8?Q?=FF=FE?= x", "=?utf-8?Q?=FF=FE?= x"],
  ["what is no base64", "=?utf-8?B?*?= =?utf-8?B?A?=", "=?utf-8?B?*?= =?utf-8?B?A?="],
  ["an unknown encoding", "=?utf-8?X?a?=", "=?utf-8?X?a?="],
  ["never ended", "=?utf-8?Q?abc", "=?utf-8?Q?abc"],
  ["a lone =", "=?utf-8?Q?a=b=?=", "a=b="],
  ["nothing", "=?utf-8?Q??=", ""],
  ["a line end that was hidden", "=?utf-8?Q?a=0D=0ABcc:_x?=", "a  Bcc: x"],
];

describe("encoded words", () => {
  test.each(WORDS)("%s", (_what, written, text) => {
    expect(decodeWords(written)).toBe(text);
  });

  test("a text that was encoded is read back, cut into words anywhere", () => {
    const cut = (bytes: Buffer, size: number): string[] =>
      Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.subarray(at * size, (at + 1) * size).toString("base64"));
    fc.assert(
      fc.property(fc.stringMatching(/^[^\p{C}]{1,60}$/u), fc.integer({ min: 1, max: 45 }), (text, size) => {
        const words = cut(Buffer.from(text), size).map((encoded) => `=?UTF-8?B?${encoded}?=`);
        expect(decodeWords(words.join(" "))).toBe(text);
      }),
    );
  });

  test("any text is read without an error, and in time", () => {
    const pieces = fc.constantFrom("=", "?", "q", "B", "utf-8", "=?utf-8?Q?", "?=", " ", "_", "=C3");
    fc.assert(fc.property(fc.string({ unit: pieces, maxLength: 300 }), (text) => void expect(typeof decodeWords(text)).toBe("string")));
    expect(processorMs(() => [decodeWords("=?utf-8?Q?".repeat(30_000)), decodeWords("=?=?=?".repeat(30_000))])).toBeLessThan(1000);
  });
});
