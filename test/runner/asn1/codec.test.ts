import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bigIntegerOf, childrenOf, elementAt, headerAt, integerOf, objectIdentifierOf } from "../../../runner/asn1/decode-ber.js";
import { context, enumerated, integer, objectIdentifier, octets, sequence } from "../../../runner/asn1/encode-der.js";

describe("the BER codec", () => {
  // X.690, 8.3 and 8.19, and the examples that RFC 3416 and RFC 4511 print.
  test.each([
    [integer(0), "020100"],
    [integer(127), "02017f"],
    [integer(128), "02020080"],
    [integer(-1), "0201ff"],
    [integer(-128), "020180"],
    [integer(-129), "0202ff7f"],
    [integer(2147483647), "02047fffffff"],
    [enumerated(10), "0a010a"],
    [objectIdentifier("1.3.6.1.2.1.1.3.0"), "06082b06010201010300"],
    [objectIdentifier("2.999.3"), "0603883703"],
    [octets(Buffer.alloc(200)), `0481c8${"00".repeat(200)}`],
    [context(0, Buffer.from("x")), "800178"],
    [sequence(context(3, integer(1), { constructed: true })), "3005a303020101"],
  ])("%# writes the octets of the standard", (written, hex) => {
    expect(written.toString("hex")).toBe(hex);
  });

  test("reads back every integer, identifier and length that it writes", () => {
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 40), max: 2 ** 40 }), (value) => {
        expect(integerOf(elementAt(integer(value)))).toBe(value);
        expect(bigIntegerOf(elementAt(integer(value)))).toBe(BigInt(value));
      }),
    );
    fc.assert(
      fc.property(
        fc.tuple(fc.integer({ min: 0, max: 1 }), fc.integer({ min: 0, max: 39 }), fc.array(fc.integer({ min: 0, max: 2 ** 31 - 1 }))),
        ([first, second, rest]) => {
          const dotted = [first, second, ...rest].join(".");
          expect(objectIdentifierOf(elementAt(objectIdentifier(dotted)))).toBe(dotted);
        },
      ),
    );
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 5 }), (contents) => {
        expect(childrenOf(elementAt(sequence(...contents.map((content) => octets(content))))).map(({ content }) => Buffer.from(content))).toEqual(
          contents.map((content) => Buffer.from(content)),
        );
      }),
    );
  });

  test("a header that has not arrived whole is not an error", () => {
    const whole = octets(Buffer.alloc(300));
    expect([0, 1, 2, 3].map((length) => headerAt(whole.subarray(0, length)))).toEqual([null, null, null, null]);
    expect(headerAt(whole.subarray(0, 4))).toEqual({ tag: 4, start: 4, end: 304 });
  });

  test.each([
    ["3080", "an indefinite length"],
    ["30ff0102030405", "a length of 127 bytes"],
    ["308500000000", "a length of 5 bytes"],
    ["1f8101", "has a long form"],
    ["0405aa", "ends before its length"],
  ])("%s is refused: %s", (hex, message) => {
    expect(() => elementAt(Buffer.from(hex, "hex"))).toThrow(message);
  });
});
