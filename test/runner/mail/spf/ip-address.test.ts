import { isIPv4, isIPv6 } from "node:net";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type IpAddress, isInNetwork, parseIp, parseWrittenIp, readableText } from "../../../../runner/mail/spf/ip-address.js";

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
      const read = parseWrittenIp(text);
      if (read !== null && family === 4) expect(readableText(read)).toBe(text);
      // Node's URL parser writes an IPv6 address as RFC 5952 wants it.
      if (read !== null && family === 6) expect(`[${readableText(read)}]`).toBe(new URL(`http://[${text}]`).hostname);
    }),
    { numRuns: 3000 },
  );
});

test("an IPv4-mapped address is its IPv4 address", () => {
  expect(parseIp("::ffff:192.0.2.1")).toEqual(parseWrittenIp("192.0.2.1"));
  expect(parseIp("::FFFF:c000:201")).toEqual(parseWrittenIp("192.0.2.1"));
  expect(parseWrittenIp("::ffff:192.0.2.1")?.family).toBe(6);
  expect(readableText(parseWrittenIp("2001:db8:0:0::1") as IpAddress)).toBe("2001:db8::1");
});

test.each([
  ["192.0.2.129", "192.0.2.128", 25, true],
  ["192.0.2.129", "192.0.2.128", 32, false],
  ["192.0.2.129", "10.0.0.0", 0, true],
  ["200.0.0.0", "72.0.0.0", 1, false],
  ["2001:db8::1", "2001:db8::", 127, true],
  ["2001:db8::1", "2001:db8::", 128, false],
  ["2001:db8::1", "2001:db8:8000::", 32, true],
  ["2001:db8::1", "2001:db8:8000::", 33, false],
  ["2001:db8::1", "0.0.0.0", 0, false],
])("%s beside %s/%i: %s", (address, network, bits, isWithin) => {
  expect(isInNetwork(parseWrittenIp(address) as IpAddress, parseWrittenIp(network) as IpAddress, bits)).toBe(isWithin);
});
