import { describe, expect, test } from "vitest";
import { fromGoRegexp } from "../../../runner/serve/blackbox/go-regexp.js";

const translated = (pattern: string): string => {
  const result = fromGoRegexp(pattern);
  if ("fault" in result) throw new Error(result.fault);
  return result.pattern;
};

describe("Go's regular expressions in JavaScript", () => {
  test.each([
    ["^220 ([^ ]+) ESMTP (.+)$", "^220 ([^ ]+) ESMTP ([^\\n]+)$"],
    ["(?P<code>\\d+)", "(?<code>\\d+)"],
    ["(?i)ab", "[aA][bB]"],
    ["(?s)a.b", "a[^]b"],
    ["\\Aa\\z", "^a$"],
    ["a\\-b\\_c\\/d", "a-b_c\\/d"],
    ["{a}", "\\{a\\}"],
    ["a{2,3}", "a{2,3}"],
    ["[[:alpha:]_]", "[A-Za-z_]"],
    ["\\pL\\p{Greek}", "\\p{L}\\p{Script=Greek}"],
    ["\\Qa.b\\E+", "a\\.b+"],
    ["\\x{1F600}", "\\u{1F600}"],
  ])("%s", (pattern, expected) => {
    expect(translated(pattern)).toBe(expected);
  });

  test.each([
    ["(?i)hello [a-c]+x", "HELLO aBcX", true],
    ["(?i)[^A]b", "ab", false],
    ["(?m)^b$", "a\nb\nc", true],
    ["^b$", "a\nb\nc", false],
    ["a.c", "a\nc", false],
    ["a.c", "a\u2028c", true],
    ["\\s", "\u00a0", false],
    ["[\\s]", "\t", true],
    ["[]a]+", "]a]", true],
    ["[^]]", "]", false],
    ["[a\\]b-]+$", "]-", true],
    ["[[]", "[", true],
    ["(?i)[[:lower:]]", "A", true],
    [".*127.0.0.1", "x.\t300\tIN\tA\t127.0.0.1", true],
  ])("%s on %j: %s", (pattern, text, matches) => {
    expect(new RegExp(translated(pattern), "u").test(text)).toBe(matches);
  });

  test.each(["(?U)a+", "a(?i)b", "(?i:a)", "\\C", "\\1", "[a", "(a+)+$", "(", "a**"])("%s cannot be used", (pattern) => {
    expect(fromGoRegexp(pattern)).toEqual({ fault: expect.any(String) });
  });
});
