import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { offeredMechanisms } from "../../../../runner/net/pop3/capabilities.js";
import { LIMITS } from "../../../../runner/net/pop3/limits.js";
import { type Reply, ReplyParser, rejected, replyLine } from "../../../../runner/net/pop3/reply.js";
import { anyCharacter } from "../../../support/any-character.js";

interface Heard {
  replies: Reply[];
  malformed: ReplyParser["malformed"];
  oddities: readonly string[];
}

function hear(portions: readonly string[], isLong: boolean): Heard {
  const parser = new ReplyParser();
  const replies: Reply[] = [];
  for (const portion of portions) {
    parser.push(portion);
    for (let reply = parser.next({ isLong }); reply !== null; reply = parser.next({ isLong })) replies.push(reply);
  }
  return { replies, malformed: parser.malformed, oddities: parser.oddities };
}

/** Read whole, line by line and byte by byte: it must be the same. */
function read(text: string, isLong = false): Heard {
  const bytes = Buffer.from(text).toString("latin1");
  const whole = hear([bytes], isLong);
  expect(hear(bytes.split(/(?<=\n)/), isLong)).toEqual(whole);
  expect(hear([...bytes], isLong)).toEqual(whole);
  return whole;
}

describe("a reply", () => {
  test.each<[string, Partial<Reply>]>([
    ["+OK", { status: "OK", code: null, text: "" }],
    ["+OK Dovecot ready.", { status: "OK", text: "Dovecot ready." }],
    ["+ok small", { status: "OK", text: "small" }],
    ["-ERR [IN-USE] Do you have another?", { status: "ERR", code: "IN-USE", text: "Do you have another?" }],
    ["-ERR [sys/temp]", { status: "ERR", code: "SYS/TEMP", text: "" }],
    ["-ERR [not a code] x", { code: null, text: "[not a code] x" }],
    ["+ bm9uY2U=", { status: "continue", text: "bm9uY2U=" }],
    ["+", { status: "continue", text: "" }],
    ["+OK Grüezi", { text: "Grüezi" }],
  ])("%j", (line, expected) => {
    expect(read(`${line}\r\n`)).toMatchObject({ replies: [expected], malformed: null });
  });

  test("of many lines ends with a dot, and is dot-unstuffed", () => {
    expect(read("+OK list\r\nTOP\r\n..dotted\r\n.\r\n+OK next\r\n.\r\n", true).replies).toMatchObject([
      { text: "list", lines: ["TOP", ".dotted"] },
      { text: "next", lines: [] },
    ]);
  });

  test("that refuses has one line, even if more were expected", () => {
    expect(read("-ERR what?\r\n", true).replies).toMatchObject([{ status: "ERR", lines: [] }]);
  });

  test("that ends with a bare LF is read, with a finding", () => {
    expect(read("+OK hi\n").oddities).toEqual(["bare_line_feed"]);
  });

  test("is shown in the trace as it was sent", () => {
    for (const line of ["+OK", "+OK hi", "-ERR [IN-USE] busy", "-ERR", "+ Zm9v", "+"]) expect(replyLine(read(`${line}\r\n`).replies[0] as Reply)).toBe(line);
  });

  test.each(["", "OK", "* OK imap", "220 smtp", "+OKAY", "-ERROR", " +OK"])("%j is invalid", (line) => {
    expect(read(`${line}\r\n+OK behind\r\n`)).toMatchObject({ replies: [], malformed: { code: "protocol_violation" } });
  });

  test.each<[string, string, string]>([
    ["a line", `+OK ${"x".repeat(LIMITS.replyLineBytes)}`, "a reply line of more than"],
    ["lines", `+OK\r\n${"x\r\n".repeat(LIMITS.replyLines + 1)}`, "a reply of more than 256 lines"],
    ["bytes", `+OK\r\n${`${"x".repeat(4000)}\r\n`.repeat(20)}`, "a reply of more than 65536 bytes"],
  ])("above the limit: %s", (_what, text, words) => {
    expect(hear([text], true)).toMatchObject({ replies: [], malformed: { code: "limit_exceeded", message: expect.stringContaining(words) } });
  });

  test("noise is refused or read, in any portions", () => {
    const noise = fc.array(fc.oneof(fc.constantFrom("+OK", "-ERR", "+", ".", "\r\n", "\n", " ", "[A]"), fc.string({ unit: anyCharacter, maxLength: 4 })), {
      maxLength: 20,
    });
    fc.assert(fc.property(noise, fc.boolean(), (parts, isLong) => void read(`${parts.join("")}\r\n`, isLong)));
  });
});

test("a refusal that the server marks as temporary may be retried", () => {
  const retryable = (line: string, phase: "auth" | "greeting" = "auth"): boolean => rejected(phase, read(`${line}\r\n`).replies[0] as Reply).failure.retryable;
  expect(
    ["-ERR [IN-USE] x", "-ERR [SYS/TEMP] x", "-ERR [LOGIN-DELAY] x", "-ERR [AUTH] x", "-ERR [SYS/PERM] x", "-ERR x"].map((line) => retryable(line)),
  ).toEqual([true, true, true, false, false, false]);
  expect(retryable("-ERR too many", "greeting")).toBe(true);
});

test.each<[string, string[] | null, string[]]>([
  ["+OK ready", null, ["USER"]],
  ["+OK ready <1896.697170952@dbc.mtview.ca.us>", null, ["APOP", "USER"]],
  ["+OK <1@x>", ["SASL plain LOGIN", "USER"], ["PLAIN", "LOGIN", "APOP", "USER"]],
  ["+OK ready", ["SASL PLAIN"], ["PLAIN"]],
  ["+OK no < timestamp@here >", [], []],
  ["+OK no <time\x07stamp@here>", [], []],
])("after %j and CAPA %j the login methods are %j", (greeting, lines, ways) => {
  const capabilities = lines?.map((line) => ({ keyword: line.split(" ")[0] as string, parameters: line.split(" ").slice(1) })) ?? null;
  expect(offeredMechanisms(capabilities, greeting)).toEqual(ways);
});
