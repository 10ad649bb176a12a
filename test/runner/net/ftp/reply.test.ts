import { describe, expect, test } from "vitest";
import { ListCounter } from "../../../../runner/net/ftp/list-counter.js";
import { readExtendedPassive, readPassive } from "../../../../runner/net/ftp/passive.js";
import { ReplyParser, replyLine } from "../../../../runner/net/ftp/reply.js";

function parse(text: string, size = text.length): { replies: string[]; malformed: string | null; oddities: readonly string[] } {
  const parser = new ReplyParser();
  const replies: string[] = [];
  for (let at = 0; at < text.length; at += size) {
    parser.push(text.slice(at, at + size));
    for (let reply = parser.next(); reply !== null; reply = parser.next()) replies.push(`${reply.code} ${reply.lines.join("|")}`);
  }
  return { replies, malformed: parser.malformed?.code ?? null, oddities: parser.oddities };
}

describe.each([1, 3, 10_000])("replies in portions of %i bytes (RFC 959, section 4.2)", (size) => {
  test.each<[string, string, string[]]>([
    ["one line", "220 ready\r\n", ["220 ready"]],
    ["a code alone", "200\r\n", ["200 "]],
    ["lines without codes between the first and the last", "211-Features:\r\n MDTM\r\n UTF8\r\n211 End\r\n", ["211 Features:| MDTM| UTF8|End"]],
    ["lines with codes", "230-a\r\n230-b\r\n230 c\r\n", ["230 a|b|c"]],
    ["a line that begins with another code", "230-a\r\n500 not the end\r\n230 c\r\n", ["230 a|500 not the end|c"]],
    ["a number of more digits", "230-a\r\n2300 b\r\n230 c\r\n", ["230 a|2300 b|c"]],
    ["two replies at once", "150 now\r\n226 done\r\n", ["150 now", "226 done"]],
  ])("%s", (_what, text, replies) => {
    expect(parse(text, size)).toEqual({ replies, malformed: null, oddities: [] });
  });

  test("bytes that are no reply", () => {
    for (const text of ["* OK\r\n", "22 a\r\n", "720 a\r\n", "2200 a\r\n", "\r\n", "220\ta\r\n"])
      expect(parse(text, size), text).toMatchObject({ malformed: "protocol_violation" });
  });

  test("a line feed alone ends a line, and is noted", () => {
    expect(parse("220 ready\n", size)).toEqual({ replies: ["220 ready"], malformed: null, oddities: ["bare_line_feed"] });
  });
});

test("a reply is shown in one line", () => {
  expect(replyLine({ code: 220, lines: ["a", "", "b"] })).toBe("220 a b");
});

test.each<[string, number | null]>([
  ["Entering Extended Passive Mode (|||6446|)", 6446],
  ["any delimiter (!!!21!)", 21],
  ["(|||65535|)", 65_535],
  ["(|||65536|)", null],
  ["(|||0|)", null],
  ["(||6446|)", null],
  ["(|1|127.0.0.1|6446|)", null],
  ["(||!6446|)", null],
  ["|||6446|", null],
  ["", null],
])("EPSV: %s (RFC 2428, section 3)", (text, port) => {
  expect(readExtendedPassive({ code: 229, lines: [text] })).toEqual(port === null ? null : { address: null, port });
});

test.each<[string, string | null, number]>([
  ["Entering Passive Mode (127,0,0,1,19,136).", "127.0.0.1", 5000],
  ["Entering Passive Mode 10,1,2,3,0,21", "10.1.2.3", 21],
  ["=127,0,0,1,255,255", "127.0.0.1", 65_535],
  ["(127,0,0,1,0,0)", null, 0],
  ["(127,0,0,256,1,1)", null, 0],
  ["(127,0,0,1,256,1)", null, 0],
  ["(127,0,0,1,1)", null, 0],
  ["(127,0,0,1,1,2,3)", null, 0],
  ["(127, 0, 0, 1, 1, 2)", null, 0],
])("PASV: %s (RFC 1123, section 4.1.2.6)", (text, address, port) => {
  expect(readPassive({ code: 227, lines: [text] })).toEqual(address === null ? null : { address, port });
});

test.each([1, 2, 5, 1000])("a list in portions of %i bytes has the same entries", (size) => {
  const text = "total 8\r\n-rw a\r\n\r\n-rw b\n-rw c";
  const counter = new ListCounter({ command: "LIST", maxEntries: 3, keptLines: 2 });
  for (let at = 0; at < text.length; at += size) expect(counter.push(text.slice(at, at + size))).toBe(true);
  expect(counter.finish()).toBe(true);
  expect([counter.entries, counter.lines]).toEqual([3, ["-rw a", "-rw b"]]);
  expect(counter.push("-rw d\n")).toBe(false);
});
