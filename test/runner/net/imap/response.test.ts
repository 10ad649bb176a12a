import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LIMITS } from "../../../../runner/net/imap/limits.js";
import { bytesOf, listOf, numberOf, textOf, textsOf, type Value } from "../../../../runner/net/imap/parse-data.js";
import { type Response, ResponseParser, statusLine } from "../../../../runner/net/imap/response.js";
import { anyCharacter } from "../../../support/any-character.js";

interface Heard {
  responses: Response[];
  malformed: ResponseParser["malformed"];
  oddities: readonly string[];
}

function hear(portions: readonly string[], literalBytes?: number): Heard {
  const parser = new ResponseParser();
  if (literalBytes !== undefined) parser.bounds.literalBytes = literalBytes;
  const responses: Response[] = [];
  for (const portion of portions) {
    parser.push(portion);
    for (let response = parser.response(); response !== null; response = parser.response()) responses.push(response);
  }
  return { responses, malformed: parser.malformed, oddities: parser.oddities };
}

const wire = (text: string): string => Buffer.from(text, "utf8").toString("latin1");

/** Read whole, line by line and byte by byte: it must be the same. */
function read(text: string): Heard {
  const bytes = wire(text);
  const whole = hear([bytes]);
  expect(hear(bytes.split(/(?<=\n)/))).toEqual(whole);
  expect(hear([...bytes])).toEqual(whole);
  return whole;
}

function one(line: string): Response {
  const { responses, malformed } = read(`${line}\r\n`);
  expect(malformed).toBeNull();
  expect(responses).toHaveLength(1);
  return responses[0] as Response;
}

const atom = (text: string): Value => ({ kind: "atom", text });
const string = (text: string): Value => ({ kind: "string", text });

describe("a response", () => {
  test.each<[string, object]>([
    ["a1 OK done", { kind: "tagged", tag: "a1", status: "OK", code: null, text: "done" }],
    ["a1 ok [READ-WRITE] Select completed.", { status: "OK", code: { name: "READ-WRITE", argument: "" }, text: "Select completed." }],
    ["a1 NO [ALERT]", { status: "NO", code: { name: "ALERT", argument: "" }, text: "" }],
    ["a1 BAD", { status: "BAD", code: null, text: "" }],
    ["* OK [UIDVALIDITY 3857529045] UIDs valid", { kind: "status", code: { name: "UIDVALIDITY", argument: "3857529045" }, text: "UIDs valid" }],
    ["* OK [PERMANENTFLAGS (\\Deleted \\*)] Limited", { code: { name: "PERMANENTFLAGS", argument: "(\\Deleted \\*)" } }],
    ['* NO [BADCHARSET ("a]b" x)] no', { code: { name: "BADCHARSET", argument: '("a]b" x)' }, text: "no" }],
    // What looks like a code and is none is text for people.
    ["* OK [never closed", { code: null, text: "[never closed" }],
    ["* OK hello {5}", { kind: "status", status: "OK", text: "hello {5}" }],
    ["a1 OK {3}", { kind: "tagged", text: "{3}" }],
    ["+ say {3}", { kind: "continuation", text: "say {3}" }],
    ["* BYE Grüezi", { status: "BYE", text: "Grüezi" }],
    ["* PREAUTH ready", { status: "PREAUTH" }],
    ["+ go on", { kind: "continuation", text: "go on" }],
    ["+", { kind: "continuation", text: "" }],
    ["+ ", { kind: "continuation", text: "" }],
    ["* 23 EXISTS", { kind: "data", name: "EXISTS", number: 23, values: [] }],
    ["* 4294967295 EXPUNGE", { name: "EXPUNGE", number: 4294967295 }],
    ["* CAPABILITY IMAP4rev1 AUTH=PLAIN", { kind: "data", name: "CAPABILITY", number: null, values: [atom("IMAP4rev1"), atom("AUTH=PLAIN")] }],
    ["* SEARCH", { name: "SEARCH", values: [] }],
    ["* SEARCH 2 84  882 ", { name: "SEARCH", values: [atom("2"), atom("84"), atom("882")] }],
    ['* LIST (\\Noselect) "/" ~/Mail/foo', { values: [[atom("\\Noselect")], string("/"), atom("~/Mail/foo")] }],
    ["* LIST () NIL foo[bar", { values: [[], null, atom("foo[bar")] }],
    ['* LIST () "/" "NIL"', { values: [[], string("/"), string("NIL")] }],
    ['* LIST () "\\\\" "with \\"quotes\\""', { values: [[], string("\\"), string('with "quotes"')] }],
    ["* FLAGS (\\Seen $Junk [odd])", { values: [[atom("\\Seen"), atom("$Junk"), atom("[odd]")]] }],
    ["* THREAD (2)(3 6 (4 23)(44 7 96))", { values: [[atom("2")], [atom("3"), atom("6"), [atom("4"), atom("23")], [atom("44"), atom("7"), atom("96")]]] }],
    ['* ESEARCH (TAG "a5") UID ALL 4:18,21', { values: [[atom("TAG"), string("a5")], atom("UID"), atom("ALL"), atom("4:18,21")] }],
    [
      "* 5 FETCH (BODY[HEADER.FIELDS (DATE FROM)]<0> {4}\r\nDate UID 7)",
      { number: 5, values: [[atom("BODY[HEADER.FIELDS (DATE FROM)]<0>"), string("Date"), atom("UID"), atom("7")]] },
    ],
    ["* 5 FETCH (BODY[] {0}\r\n FLAGS ())", { values: [[atom("BODY[]"), string(""), atom("FLAGS"), []]] }],
    ["* 5 FETCH (BODY[] {9}\r\n* BYE {9})", { values: [[atom("BODY[]"), string("* BYE {9}")]] }],
    ["* 5 FETCH (BINARY[1] ~{3+}\r\na\0b X {1}\r\n))", { values: [[atom("BINARY[1]"), string("a\0b"), atom("X"), string(")")]] }],
    ["* LIST () NIL {3}\r\na b", { values: [[], null, string("a b")] }],
  ])("%j", (line, expected) => {
    expect(one(line)).toMatchObject(expected);
  });

  test("may arrive together with another", () => {
    const { responses } = read("* 1 EXISTS\r\n* 5 FETCH (BODY[] {7}\r\na1 OK\r\n)\r\na1 OK done\r\n");
    expect(responses.map(({ kind }) => kind)).toEqual(["data", "data", "tagged"]);
  });

  test("that ends with a bare LF is read, with a finding", () => {
    expect(read("* OK hi\n")).toMatchObject({ responses: [{ text: "hi" }], oddities: ["bare_line_feed"] });
  });

  test("that is not UTF-8 is read as latin-1, with a finding", () => {
    expect(hear(["* OK gr\xfcn\r\n"])).toMatchObject({ responses: [{ text: "grün" }], oddities: ["not_utf8"] });
  });

  test("is shown in the trace as it was sent", () => {
    for (const line of ["NO [AUTHENTICATIONFAILED] wrong", "OK [UIDNEXT 5]", "BAD", "OK done"]) {
      expect(statusLine(one(`a1 ${line}`) as Parameters<typeof statusLine>[0])).toBe(line);
    }
  });
});

describe("an invalid response", () => {
  test.each<[string, string]>([
    ["", "not a response"],
    ["*", "not a response"],
    ["nonsense", "not a response"],
    ["a1 DONE already", "not a response"],
    ["* 5", "not a response"],
    ["* 4294967296 EXISTS", "not a response"],
    ['* LIST () "/" "never closed', "a quoted string is not closed"],
    ["* FLAGS (\\Seen", "a list is not closed"],
    ["* FLAGS \\Seen)", "a list is closed that was not opened"],
    ['* LIST () "a"b', "a space was expected"],
    ["* FETCH (BODY[HEADER x)", "a section is not closed"],
    ["* FETCH {x} y", "an atom was expected"],
    ["* LIST () {3} y", "an atom was expected"],
    ["* SEARCH a\x07b", "a control character"],
  ])("%j ends the conversation", (line, words) => {
    const { responses, malformed } = read(`${line}\r\n* OK behind it\r\n`);
    expect(responses).toEqual([]);
    expect(malformed).toMatchObject({ code: "protocol_violation", message: expect.stringContaining(words) });
  });
});

describe("a response above the limits", () => {
  test.each<[string, string, string]>([
    ["a line", `* OK ${"x".repeat(LIMITS.lineBytes)}`, "a response line of more than"],
    ["a literal, when it is announced", "* 5 FETCH (BODY[] {4294967295}\r\n", "a literal of 4294967295 bytes"],
    ["a literal of a size beyond numbers", "* 5 FETCH (BODY[] {99999999999999999999}\r\n", "a literal of 99999999999999999999 bytes"],
    ["literals", `* X ${"{1}\r\na ".repeat(LIMITS.literals + 1)}\r\n`, "a response of more than 256 literals"],
    ["lists in lists", `* X ${"(".repeat(LIMITS.depth + 2)}\r\n`, "nested more than 32 deep"],
  ])("%s", (_what, text, words) => {
    expect(hear([text])).toMatchObject({ responses: [], malformed: { message: expect.stringContaining(words) } });
  });

  test("values", () => {
    const parser = new ResponseParser();
    parser.bounds.lineBytes = LIMITS.mailboxLineBytes;
    parser.push(`* SEARCH${" 1".repeat(LIMITS.values + 1)}\r\n`);
    expect(parser.response()).toBeNull();
    expect(parser.malformed?.message).toContain("a response holds more than");
  });

  test("a literal of the requested size is read", () => {
    const body = "x".repeat(200_000);
    const { responses } = hear([`* 5 FETCH (BODY[] {${body.length}}\r\n${body})\r\n`], 200_000);
    expect(bytesOf(listOf((responses[0] as Extract<Response, { kind: "data" }>).values[0])?.[1])).toHaveLength(body.length);
  });
});

describe("random responses", () => {
  const nested = fc.letrec<{ value: Value }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constant(null),
      fc
        .stringMatching(/^[\\$A-Za-z0-9.\-_*%~/+]{1,12}$/)
        .filter((text) => text.toUpperCase() !== "NIL")
        .map(atom),
      fc.stringMatching(/^[\x20-\x7e\x80-\xff]{0,20}$/).map(string),
      fc.string({ unit: "binary-ascii", maxLength: 20 }).map(string),
      fc.array(tie("value"), { maxLength: 5 }),
    ),
  })).value;

  /** As a server may write it: a string in quotes where that is possible, and as a literal otherwise. */
  function written(value: Value): string {
    if (value === null) return "NIL";
    if (Array.isArray(value)) return `(${value.map(written).join(" ")})`;
    const { kind, text } = value as Exclude<Value, null | readonly Value[]>;
    if (kind === "atom") return text;
    return /[\r\n\0]/.test(text) || text.length % 3 === 0 ? `{${text.length}}\r\n${text}` : `"${text.replace(/["\\]/g, "\\$&")}"`;
  }

  test("are read correctly in any portions", () => {
    fc.assert(
      fc.property(fc.array(nested, { maxLength: 6 }), fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 }), (values, sizes) => {
        const text = `* X ${values.map(written).join(" ")}\r\na1 OK [X y] done\r\n`;
        const portions: string[] = [];
        for (let at = 0, turn = 0; at < text.length; turn++) {
          const size = sizes[turn % sizes.length] as number;
          portions.push(text.slice(at, at + size));
          at += size;
        }
        const heard = hear(portions);
        expect(heard.malformed).toBeNull();
        expect(heard.responses).toEqual([
          { kind: "data", name: "X", number: null, values },
          { kind: "tagged", tag: "a1", status: "OK", code: { name: "X", argument: "y" }, text: "done" },
        ]);
      }),
    );
  });

  test("noise is refused or read without an exception", () => {
    const noise = fc.array(
      fc.oneof(
        fc.constantFrom("* ", "a1 ", "OK", "(", ")", '"', "\\", "{3}", "{3+}\r\n", "\r\n", "[", "]", " ", "FETCH", "NIL", "5", "+"),
        fc.string({ unit: anyCharacter, maxLength: 5 }),
      ),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(noise, (parts) => {
        const text = wire(`${parts.join("")}\r\n`);
        const whole = hear([text]);
        expect(hear([...text])).toEqual(whole);
        expect(["protocol_violation", "limit_exceeded", undefined]).toContain(whole.malformed?.code);
      }),
    );
  });
});

test("the type of a value is checked", () => {
  const data = one("* X 12 (a {1}\r\nb NIL (c)) -1 1e3 NIL") as Extract<Response, { kind: "data" }>;
  const [twelve, list, minus, exponent, nil] = data.values;
  expect([numberOf(twelve), numberOf(minus), numberOf(exponent), numberOf(nil), numberOf(list), numberOf(undefined)]).toEqual([
    12,
    null,
    null,
    null,
    null,
    null,
  ]);
  expect(textsOf(list)).toEqual(["a", "b"]);
  expect([textOf(nil), textOf(list), textOf(undefined), textOf(twelve)]).toEqual([null, null, null, "12"]);
  expect([bytesOf(nil), bytesOf(list)]).toEqual([null, null]);
  expect(listOf(twelve)).toBeNull();
});
