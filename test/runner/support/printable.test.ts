import { expect, test } from "vitest";
import { forTerminal, printable, printableJson, printableLine } from "../../../runner/support/printable.js";

test.each([
  ["an escape sequence", "\u001b[2J", "\\x1b[2J"],
  ["an OSC with its end", "\u001b]0;title\u0007", "\\x1b]0;title\\x07"],
  ["NUL and a C1 control", "\0\u009b", "\\x00\\x9b"],
  ["a lone surrogate", "a\ud800b\udc00", "a\\ud800b\\udc00"],
  ["a turned direction", "\u202egnp.exe", "\\u202egnp.exe"],
])("%s is shown, and does nothing", (_what, text, shown) => {
  expect(printable(text)).toBe(shown);
});

test("a pair of surrogates is a character", () => {
  expect(printable("📬 é")).toBe("📬 é");
});

test("one line stays one line, and JSON stays JSON", () => {
  expect(printableLine("a\nb")).toBe("a\\nb");
  expect(JSON.parse(printableJson('"a\ud800\u202e"'))).toBe("a\ud800\u202e");
});

test("on stderr our colours and our line of progress act, and nothing else", () => {
  expect(forTerminal("\u001b[31mred\u001b[39m \r\u001b[K2/3")).toBe("\u001b[31mred\u001b[39m \r\u001b[K2/3");
  expect(forTerminal("\u001b[2J\u001b]52;c;aGk=\u0007\u001b[48mhidden\r\n\ud800")).toBe("\\x1b[2J\\x1b]52;c;aGk=\\x07\\x1b[48mhidden\\r\n\\ud800");
});
