import { describe, expect, test } from "vitest";
import { decodeDocument, encodeDocument } from "../../../../runner/net/mongodb/bson.js";

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(" ", ""), "hex");
/** A document of one value called a. */
const one = (type: string, value: string): Buffer => {
  const body = bytes(`${type} 61 00 ${value} 00`);
  const length = Buffer.alloc(4);
  length.writeInt32LE(body.length + 4);
  return Buffer.concat([length, body]);
};

describe("the examples of bsonspec.org", () => {
  const hello = bytes("16000000 02 68656c6c6f00 06000000 776f726c6400 00");
  const list = bytes("31000000 04 42534f4e00 26000000 02 3000 08000000 617765736f6d6500 01 3100 3333333333331440 10 3200 c2070000 00 00");

  test("a text", () => {
    expect(encodeDocument({ hello: "world" }).equals(hello)).toBe(true);
    expect(decodeDocument(hello)).toEqual(new Map([["hello", "world"]]));
  });

  test("a list", () => {
    expect(encodeDocument({ BSON: ["awesome", 5.05, 1986] }).equals(list)).toBe(true);
    expect(decodeDocument(list)).toEqual(new Map([["BSON", ["awesome", 5.05, 1986]]]));
  });
});

/** The specification's corpus of values. */
describe("values", () => {
  test.each<[what: string, document: Buffer, value: unknown]>([
    ["a double", one("01", "000000000000f03f"), 1],
    ["infinity", one("01", "000000000000f07f"), "Infinity"],
    ["binary", one("05", "02000000 00 ffff"), bytes("ffff")],
    ["an object id", one("07", "56e1fc72e0c917e9c4714161"), "56e1fc72e0c917e9c4714161"],
    ["true", one("08", "01"), true],
    ["a date", one("09", "c5d8d6cc3b010000"), "2012-12-24T12:15:30.501Z"],
    ["a date beyond all calendars", one("09", "ffffffffffffff7f"), "9223372036854775807"],
    ["null", one("0a", ""), null],
    ["an expression", one("0b", "616200 696d00"), "/ab/im"],
    ["a whole number", one("10", "ffffffff"), -1],
    ["a timestamp", one("11", "2a000000 15cd5b07"), "1973-11-29T21:33:09.000Z"],
    ["a long number", one("12", "ffffffffffffffff"), -1],
    ["a number that JSON cannot hold", one("12", "ffffffffffffff7f"), "9223372036854775807"],
    ["a decimal of 0.1", one("13", "01000000000000000000000000003e30"), "0.1"],
    ["a decimal of 1E+3", one("13", "01000000000000000000000000004630"), "1E+3"],
    ["a decimal of -1.00E-8", one("13", "64000000000000000000000000002cb0"), "-1.00E-8"],
    ["a decimal of 34 digits", one("13", "f2af967ed05c82de3297ff6fde3c40b0"), "-1234567890123456789012345678901234"],
    ["infinity as a decimal", one("13", "00000000000000000000000000000078"), "Infinity"],
    ["no number", one("13", "0000000000000000000000000000007c"), "NaN"],
    ["a key that is __proto__", bytes("14000000 0a 5f5f70726f746f5f5f00 08 6100 01 00"), undefined],
  ])("%s", (_, document, value) => {
    expect(decodeDocument(document).get("a")).toEqual(value ?? (value === null ? null : true));
  });

  test("what is encoded is decoded", () => {
    const document = { a: 2 ** 40, b: -1.5, c: null, d: { e: [true, "grüße\0x"] }, f: Buffer.from("x") };
    const decoded = decodeDocument(encodeDocument(document));
    expect(decoded).toEqual(
      new Map<string, unknown>([
        ["a", 2 ** 40],
        ["b", -1.5],
        ["c", null],
        ["d", new Map([["e", [true, "grüße\0x"]]])],
        ["f", Buffer.from("x")],
      ]),
    );
  });
});

describe("hostile documents", () => {
  const nested = (depth: number): Buffer => (depth === 0 ? bytes("0500000000") : Buffer.concat([...wrap(nested(depth - 1))]));
  const wrap = (inside: Buffer): Buffer[] => {
    const length = Buffer.alloc(4);
    length.writeInt32LE(inside.length + 8);
    return [length, bytes("03 61 00"), inside, bytes("00")];
  };

  test.each<[what: string, document: Buffer, code: string]>([
    ["a length beyond its bytes", bytes("ff000000 00"), "protocol_violation"],
    ["a negative length", bytes("ffffffff 00"), "protocol_violation"],
    ["bytes after its end", bytes("05000000 00 00"), "protocol_violation"],
    ["a text longer than the document", one("02", "ff000000 78 00"), "protocol_violation"],
    ["a text of no bytes", one("02", "00000000"), "protocol_violation"],
    ["a text without its end", one("02", "01000000 78"), "protocol_violation"],
    ["a negative binary", one("05", "ffffffff 00"), "protocol_violation"],
    ["a key without its end", bytes("06000000 02 61"), "protocol_violation"],
    ["an unknown type", one("55", ""), "protocol_violation"],
    ["documents in documents", nested(40), "limit_exceeded"],
  ])("%s", (_, document, code) => {
    expect(() => decodeDocument(document)).toThrow(expect.objectContaining({ failure: expect.objectContaining({ code }) }));
  });

  test("a key with NUL is not encoded", () => {
    expect(() => encodeDocument({ "a\0b": 1 })).toThrow(/NUL/);
  });
});
