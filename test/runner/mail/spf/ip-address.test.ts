import { isIPv4, isIPv6 } from "node:net";
import fc from "fast-check";
import { expect, test } from "vitest";
import { parseIp, parseWrittenIp, readableText } from "../../../../runner/mail/spf/ip-address.js";

const PIECES = fc.constantFrom("0", "1", "9", "25", "255", "256", "01", "00", "1000", ".", ".", ".", ":", "::", "ffff", "g", "-1", " ", "");
const NEARLY = fc.oneof(
  fc.array(PIECES, { maxLength: 9 }).map((pieces) => pieces.join("")),
  fc.ipV4(),
  fc.ipV6(),
  fc.tuple(fc.ipV4(), PIECES).map((parts) => parts.join("")),
);

test("what Node takes for an address is read as one, and nothing else", () => {
  fc.assert(
    fc.property(NEARLY, (text) => {
      const family = isIPv4(text) ? 4 : isIPv6(text) ? 6 : null;
      expect(parseWrittenIp(text)?.family ?? null).toBe(family);
      if (family === 4) expect(parseWrittenIp(text)?.bytes.join(".")).toBe(text);
    }),
    { numRuns: 3000 },
  );
});

test("an IPv4-mapped address is its IPv4 address", () => {
  expect(parseIp("::ffff:192.0.2.1")).toEqual({ family: 4, bytes: [192, 0, 2, 1] });
  expect(parseIp("::FFFF:c000:201")).toEqual({ family: 4, bytes: [192, 0, 2, 1] });
  expect(parseWrittenIp("::ffff:192.0.2.1")?.family).toBe(6);
  expect(readableText({ family: 6, bytes: parseWrittenIp("2001:db8:0:0::1")?.bytes ?? [] })).toBe("2001:db8::1");
});
