import { expect, test } from "vitest";
import { readData } from "../../../../runner/net/dns/wire/rdata.js";
import { serviceBindingOf } from "../../../../runner/net/dns/wire/service-binding.js";
import { RECORD_TYPES } from "../../../../schemas/dns-types.js";

/** RFC 9460, appendix D, "Test Vectors": the bytes of a record, and what they say. */
test.each([
  ["0000 03666f6f 076578616d706c65 03636f6d 00", { priority: 0, target: "foo.example.com", alpn: [], port: null }],
  ["0001 00", { priority: 1, target: ".", alpn: [], port: null }],
  ["0010 03666f6f 076578616d706c65 03636f6d 00 0003 0002 0035", { priority: 16, target: "foo.example.com", alpn: [], port: 53 }],
  [
    "0010 03666f6f 076578616d706c65 036f7267 00 0000 0004 0001 0004 0001 0009 02 6832 05 68332d3139 0004 0004 c0000201",
    { priority: 16, target: "foo.example.org", alpn: ["h2", "h3-19"], port: null },
  ],
])("%s", (hex, expected) => {
  const message = Buffer.from(hex.replaceAll(" ", ""), "hex");
  expect(serviceBindingOf(readData(message, RECORD_TYPES.HTTPS, 0, message.length))).toEqual(expected);
});

test.each(["0001", "0001 00 0001", "0001 00 0001 0009 02", "0001 00 0001 0003 05 6832", "0001 00 0001 0001 05"])("what is cut off is refused: %s", (hex) => {
  const message = Buffer.from(hex.replaceAll(" ", ""), "hex");
  expect(() => readData(message, RECORD_TYPES.HTTPS, 0, message.length)).toThrow();
});
