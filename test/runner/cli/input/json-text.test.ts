import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseJson } from "../../../../runner/cli/input/json-text.js";

function faultOf(text: string): string | null {
  try {
    parseJson(text, "input.json");
    return null;
  } catch (error) {
    return (error as { violations: { message: string }[] }).violations[0]?.message ?? "";
  }
}

describe("parseJson", () => {
  test.each([
    ["{", "line 1, column 2: expected a field name in double quotes, found the end"],
    ['{"a" 1}', 'line 1, column 6: expected a colon, found "1"'],
    ['{"a": 1,}', 'line 1, column 9: expected a field name in double quotes, found "}"'],
    ['{\n  "a": 1\n  "b": 2\n}', 'line 3, column 3: expected a comma or }, found "\\""'],
    ["[1 2]", 'line 1, column 4: expected a comma or ], found "2"'],
    ["[1,]", 'line 1, column 4: expected a value, found "]"'],
    ['{"a": nul}', 'line 1, column 7: expected a value, found "nul"'],
    ["{'a': 1}", 'line 1, column 2: expected a field name in double quotes, found "\'"'],
    ['{"a": 01}', 'line 1, column 7: expected a value, found "01"'],
    ['{"a": 1} x', 'line 1, column 10: expected nothing more, found "x"'],
    ['"abc', "line 1, column 5: expected the end of a string, found the end"],
    ['["a\\x"]', 'line 1, column 4: expected the end of a string, found "\\\\"'],
    ["[\n\n// no comments\n1]", 'line 3, column 1: expected a value, found "/"'],
    ["hello", 'line 1, column 1: expected a value, found "hello"'],
  ])("reports the position of the error in %j", (text, fault) => {
    expect(faultOf(text)).toBe(fault);
  });

  test("agrees with JSON.parse on what is valid, for any damage", () => {
    const mutilated = fc
      .tuple(fc.json(), fc.nat(), fc.nat(3), fc.constantFrom("", ",", '"', "}", "]", "{", "[", "x", "\n", "\\", "1", ":"))
      .map(([json, at, length, put]) => json.slice(0, at % (json.length + 1)) + put + json.slice((at % (json.length + 1)) + length));
    fc.assert(
      fc.property(mutilated, (text) => {
        fc.pre(text.trim() !== "");
        let isJson = true;
        try {
          JSON.parse(text);
        } catch {
          isJson = false;
        }
        expect(faultOf(text) === null || faultOf(text) === "it has more than 64 levels").toBe(isJson);
      }),
    );
  });

  test("rejects what is nested deeper than any input", () => {
    expect(parseJson("[".repeat(64) + "]".repeat(64), "x")).toBeDefined();
    expect(faultOf("[".repeat(100_000) + "]".repeat(100_000))).toBe("it has more than 64 levels");
  });

  test("rejects empty text", () => {
    expect(faultOf(" \n\t")).toBe("it must hold a JSON object, or an array of them");
  });
});
