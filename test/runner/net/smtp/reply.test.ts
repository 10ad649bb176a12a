import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LIMITS } from "../../../../runner/net/smtp/limits.js";
import { enhancedCode, type Malformed, plainText, type Reply, ReplyParser, replyClass, replyText } from "../../../../runner/net/smtp/reply.js";
import type { LineOddity } from "../../../../runner/net/transport/line-text.js";
import { anyCharacter } from "../../../support/any-character.js";

interface Heard {
  replies: Reply[];
  malformed: Malformed | null;
  oddities: LineOddity[];
}

/** Pushes the portions one after the other and takes what can be taken after each, as a session does. */
function hear(portions: readonly string[]): Heard {
  const parser = new ReplyParser();
  const replies: Reply[] = [];
  for (const portion of portions) {
    parser.push(portion);
    for (let reply = parser.next(); reply !== null; reply = parser.next()) replies.push(reply);
  }
  return { replies, malformed: parser.malformed, oddities: [...parser.oddities] };
}

const latin1 = (text: string): string => Buffer.from(text).toString("latin1");
const DELIVERIES: Readonly<Record<string, (bytes: string) => string[]>> = {
  whole: (bytes) => [bytes],
  "line by line": (bytes) => bytes.match(/[^\n]*\n|[^\n]+$/g) ?? [],
  "byte by byte": (bytes) => [...bytes],
};

interface Case {
  peer: string;
  bytes: string;
  replies?: [code: number, ...lines: string[]][];
  malformed?: Malformed["code"];
  says?: string;
  oddities?: LineOddity[];
}

/** The numbers are those of the specification of this client: the points that each case proves. */
const CASES: readonly Case[] = [
  { peer: "1: sends one line", bytes: "220 mx.example.org ESMTP\r\n", replies: [[220, "mx.example.org ESMTP"]] },
  { peer: "1: sends several lines", bytes: "250-mx.example.org\r\n250-SIZE 10\r\n250 HELP\r\n", replies: [[250, "mx.example.org", "SIZE 10", "HELP"]] },
  {
    peer: "1: changes the class within a reply",
    bytes: "250-mx\r\n550 SIZE 10\r\n",
    malformed: "protocol_violation",
    says: "one reply with the codes 250 and 550",
  },
  { peer: "1: changes the last digit within a reply", bytes: "220-woot\r\n221-more\r\n", malformed: "protocol_violation", says: "220 and 221" },
  { peer: "1: sends an empty text in the middle", bytes: "250-\r\n250-b\r\n250 \r\n", replies: [[250, "", "b", ""]] },
  { peer: "2: ends with the bare code", bytes: "250-mx\r\n250\r\n", replies: [[250, "mx", ""]] },
  { peer: "2: sends the bare code alone", bytes: "250\r\n", replies: [[250, ""]] },
  { peer: "3: sends two digits", bytes: "25 x\r\n", malformed: "protocol_violation", says: 'not a reply: "25 x"' },
  { peer: "3: sends four digits", bytes: "2500 x\r\n", malformed: "protocol_violation", says: '"2500 x"' },
  { peer: "3: sends a letter among the digits", bytes: "2S0 x\r\n", malformed: "protocol_violation" },
  { peer: "3: sends a class that SMTP has not", bytes: "650 x\r\n", malformed: "protocol_violation" },
  { peer: "3: sends a preliminary reply, which SMTP has not", bytes: "150 x\r\n", malformed: "protocol_violation" },
  { peer: "3: sends digits of another script", bytes: latin1("２５０ x\r\n"), malformed: "protocol_violation" },
  { peer: "3: separates with a tab", bytes: "250\tx\r\n", malformed: "protocol_violation" },
  { peer: "3: sends a space first", bytes: " 250 x\r\n", malformed: "protocol_violation" },
  { peer: "3: sends an empty line", bytes: "\r\n", malformed: "protocol_violation", says: 'not a reply: ""' },
  { peer: "3: sends another protocol's greeting", bytes: "SSH-2.0-OpenSSH_9.2\r\n", malformed: "protocol_violation", says: "SSH-2.0-OpenSSH_9.2" },
  { peer: "4: ends its lines with a bare LF", bytes: "250-mx\n250 HELP\n", replies: [[250, "mx", "HELP"]], oddities: ["bare_line_feed"] },
  { peer: "4: ends a bare code with a bare LF", bytes: "250\n", replies: [[250, ""]], oddities: ["bare_line_feed"] },
  { peer: "4: ends what is no reply with a bare LF, which says nothing of a mail server", bytes: "nonsense\n", malformed: "protocol_violation" },
  { peer: "4: sends a bare CR within a line", bytes: "250 a\rb\r\n", replies: [[250, "a\rb"]], oddities: ["bare_carriage_return"] },
  { peer: "4: ends a line with two CRs", bytes: "250 a\r\r\n", replies: [[250, "a\r"]], oddities: ["bare_carriage_return"] },
  {
    peer: "5: sends the longest line that is taken",
    bytes: `250 ${"a".repeat(LIMITS.replyLineBytes - 4)}\r\n`,
    replies: [[250, "a".repeat(LIMITS.replyLineBytes - 4)]],
  },
  {
    peer: "5: sends a line that is one byte longer",
    bytes: `250 ${"a".repeat(LIMITS.replyLineBytes - 3)}\r\n`,
    malformed: "limit_exceeded",
    says: "a reply line of more than 4096 bytes",
  },
  { peer: "5: never ends its line", bytes: `250 ${"a".repeat(3 * LIMITS.replyLineBytes)}`, malformed: "limit_exceeded" },
  { peer: "5: never ends its reply", bytes: "250-more\r\n".repeat(LIMITS.replyLines + 1), malformed: "limit_exceeded", says: "a reply of more than 256 lines" },
  { peer: "5: sends many long lines", bytes: `250-${"a".repeat(4000)}\r\n`.repeat(20), malformed: "limit_exceeded", says: "a reply of more than 65536 bytes" },
  {
    peer: "5: sends long replies one after the other, each within its limit",
    bytes: `250-${"a".repeat(4000)}\r\n`.repeat(10).concat("250 end\r\n").repeat(3),
    replies: new Array(3).fill([250, ...new Array(10).fill("a".repeat(4000)), "end"]),
  },
  { peer: "6: sends UTF-8", bytes: latin1("250 grüezi 💌\r\n"), replies: [[250, "grüezi 💌"]] },
  { peer: "6: sends latin-1", bytes: "250 gr\xfcezi\r\n", replies: [[250, "gr\xfcezi"]], oddities: ["not_utf8"] },
  { peer: "6: mixes both, a line each", bytes: `${latin1("250-é\r\n")}250 \xe9\r\n`, replies: [[250, "é", "é"]], oddities: ["not_utf8"] },
  { peer: "6: begins with a byte order mark", bytes: `250 ${latin1("\ufeffx")}\r\n`, replies: [[250, "\ufeffx"]] },
  { peer: "7: sends control characters, kept as they are", bytes: "250 a\x00b\x1b[31mc\x07\r\n", replies: [[250, "a\x00b\x1b[31mc\x07"]] },
  {
    peer: "8: sends many replies at once",
    bytes: "250 a\r\n354 b\r\n250-c\r\n250 d\r\n421 e\r\n",
    replies: [
      [250, "a"],
      [354, "b"],
      [250, "c", "d"],
      [421, "e"],
    ],
  },
  { peer: "8: is cut off in the middle of a reply", bytes: "250 a\r\n250-b\r\n250 c", replies: [[250, "a"]] },
  { peer: "8: says something readable and then nonsense", bytes: "250 a\r\nHTTP/1.1 400\r\n250 b\r\n", replies: [[250, "a"]], malformed: "protocol_violation" },
];

describe.each(Object.keys(DELIVERIES))("read %s, the peer that", (delivery) => {
  const cut = DELIVERIES[delivery] as (bytes: string) => string[];
  test.each(CASES)("$peer", ({ bytes, replies = [], malformed, says = "", oddities = [] }) => {
    const heard = hear(cut(bytes));
    expect(heard.replies.map(({ code, lines }) => [code, ...lines])).toEqual(replies);
    expect(heard.malformed?.code ?? null).toBe(malformed ?? null);
    expect(heard.malformed?.message ?? "").toContain(says);
    expect(heard.oddities).toEqual(oddities);
  });
});

test("after a malformed reply no other is read, since its beginning is unknown", () => {
  const parser = new ReplyParser();
  parser.push("nonsense\r\n");
  expect(parser.next()).toBeNull();
  parser.push("250 fine\r\n");
  expect(parser.next()).toBeNull();
  expect(parser.malformed?.code).toBe("protocol_violation");
});

test("a long line of nonsense is not repeated in full", () => {
  const { malformed } = hear([`${"x".repeat(1000)}\r\n`]);
  expect(malformed?.message.length).toBeLessThan(100);
});

test("the parser is empty exactly if every byte belongs to a complete reply", () => {
  const parser = new ReplyParser();
  expect(parser.isEmpty).toBe(true);
  parser.push("250-a\r\n");
  expect(parser.next()).toBeNull();
  expect(parser.isEmpty).toBe(false);
  parser.push("250 b\r\n2");
  expect(parser.next()).not.toBeNull();
  expect(parser.isEmpty).toBe(false);
});

describe("point 9: the enhanced status code", () => {
  test.each<[peer: string, code: number, lines: string[], enhanced: string | null, text: string]>([
    ["one digit each", 250, ["2.1.0 OK"], "2.1.0", "OK"],
    ["two digits in the detail, as 5.7.26", 550, ["5.7.26 unauthenticated"], "5.7.26", "unauthenticated"],
    ["three digits each", 550, ["5.123.456 x"], "5.123.456", "x"],
    ["the code alone", 250, ["2.0.0"], "2.0.0", ""],
    ["four digits", 550, ["5.7.2600 x"], null, "5.7.2600 x"],
    ["a version number that is no such code", 220, ["3.1.0 of our server"], null, "3.1.0 of our server"],
    ["not at the start", 250, ["OK 2.1.0"], null, "OK 2.1.0"],
    ["a class that is not the reply's", 550, ["2.1.5 x"], "5.0.0", "x"],
    ["a reply to go on, which has none", 354, ["3.0.0 go on"], null, "3.0.0 go on"],
    ["a reply to go on that bears another class's", 354, ["2.0.0 go on"], null, "2.0.0 go on"],
    ["repeated on each line", 550, ["5.1.1 no", "5.1.1 such user"], "5.1.1", "no\nsuch user"],
    ["another on the second line, which is kept", 550, ["5.1.1 no", "5.1.2 such"], "5.1.1", "no\n5.1.2 such"],
    ["only on the second line", 250, ["mx", "2.0.0 x"], null, "mx\n2.0.0 x"],
  ])("%s", (_peer, code, lines, enhanced, text) => {
    expect(enhancedCode({ code, lines })).toBe(enhanced);
    expect(plainText({ code, lines })).toBe(text);
  });
});

test.each([
  [220, 2],
  [251, 2],
  [252, 2],
  [354, 3],
  [421, 4],
  [454, 4],
  [521, 5],
  [530, 5],
  [554, 5],
  [556, 5],
])("point 10: %i is of class %i", (code, expected) => {
  expect(replyClass({ code, lines: [""] })).toBe(expected);
});

const lineText = fc.string({ unit: anyCharacter, maxLength: 40 }).map((text) => text.replace(/[\r\n]/g, ""));
const validReply = fc.record({ code: fc.integer({ min: 200, max: 559 }), lines: fc.array(lineText, { minLength: 1, maxLength: 6 }) });
const cuts = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 50 });

function written({ code, lines }: Reply): string {
  return lines.map((line, index) => `${code}${index < lines.length - 1 ? "-" : " "}${line}\r\n`).join("");
}

/** Portions of the given sizes, over and over. */
function portionsOf(bytes: string, sizes: readonly number[]): string[] {
  const portions: string[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] as number;
    portions.push(bytes.slice(at, at + size));
    at += size;
  }
  return portions;
}

describe("random bytes", () => {
  test("do not change replies: any chunks give the same result", () => {
    fc.assert(
      fc.property(fc.array(validReply, { maxLength: 5 }), cuts, (replies, sizes) => {
        const heard = hear(portionsOf(latin1(replies.map(written).join("")), sizes));
        expect(heard.malformed).toBeNull();
        expect(heard.replies).toEqual(replies);
        expect(heard.oddities).toEqual([]);
      }),
    );
  });

  test("are read alike in any chunks, never throw, and end in replies or as malformed", () => {
    const noise = fc.oneof(
      fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString("latin1")),
      fc.array(fc.constantFrom("250", "-", " ", "\r", "\n", "\r\n", "220 a\r\n", "\xff", "x"), { maxLength: 60 }).map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(noise, cuts, (bytes, sizes) => {
        const whole = hear([bytes]);
        expect(hear(portionsOf(bytes, sizes))).toEqual(whole);
        for (const reply of whole.replies) {
          expect(reply.lines.length).toBeGreaterThan(0);
          expect(replyText(reply).split("\n")).toHaveLength(reply.lines.length);
          expect(reply.code).toBeGreaterThanOrEqual(200);
          expect(reply.code).toBeLessThan(600);
        }
      }),
      { numRuns: 300 },
    );
  });

  test("do not exceed the memory limits", () => {
    const endless = fc.record({
      line: fc.string({ maxLength: 5000 }).map((text) => `250-${text.replace(/[\r\n]/g, "")}`),
      ending: fc.constantFrom("\r\n", "\n", ""),
    });
    fc.assert(
      fc.property(endless, ({ line, ending }) => {
        const parser = new ReplyParser();
        let pushed = 0;
        for (; pushed < 2 * LIMITS.replyBytes && parser.malformed === null; pushed += line.length + ending.length) {
          parser.push(line + ending);
          expect(parser.next()).toBeNull();
        }
        expect(parser.malformed).not.toBeNull();
        expect(pushed).toBeLessThan(LIMITS.replyBytes + 2 * LIMITS.replyLineBytes);
      }),
      { numRuns: 50 },
    );
  });
});
