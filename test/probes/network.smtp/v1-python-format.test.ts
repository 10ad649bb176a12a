import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { pythonBytes, pythonFloat, pythonList, pythonSeconds, pythonString } from "../../../probes/network.smtp/python-format.js";

interface Vectors {
  strings: { value: string; printed: string }[];
  lists: { value: string[]; printed: string }[];
  bytes: { hex: string; printed: string }[];
  floats: { value: string; printed: string }[];
  seconds: { milliseconds: number; printed: string }[];
}

const vectors = JSON.parse(readFileSync(new URL("../../../fixtures/network.smtp/1.0.0/python-format.json", import.meta.url), "utf8")) as Vectors;

describe("prints as Python does", () => {
  test.each(vectors.strings)("the str $printed", ({ value, printed }) => expect(pythonString(value)).toBe(printed));
  test.each(vectors.lists)("the list $printed", ({ value, printed }) => expect(pythonList(value)).toBe(printed));
  test.each(vectors.bytes)("the bytes $printed", ({ hex, printed }) => expect(pythonBytes(Buffer.from(hex, "hex"))).toBe(printed));
  test.each(vectors.floats)("the float $printed", ({ value, printed }) => expect(pythonFloat(Number(value))).toBe(printed));
  test.each(vectors.seconds)("$milliseconds ms as $printed", ({ milliseconds, printed }) => expect(pythonSeconds(milliseconds)).toBe(printed));
});

test("invalid numbers", () => {
  expect([Number.NaN, Infinity, -Infinity].map(pythonFloat)).toEqual(["nan", "inf", "-inf"]);
});
