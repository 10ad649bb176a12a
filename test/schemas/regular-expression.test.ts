import { describe, expect, test } from "vitest";
import { patternFault } from "../../schemas/regular-expression.js";

describe("a pattern that a text can make take exponential time is refused", () => {
  test.each([
    "(a+)+$",
    "(a*)*b",
    "(a|a)*$",
    "(a|aa)+$",
    "(.*)*x",
    "(\\w+\\s?)*$",
    "^(([a-z])+.)+[A-Z]([a-z])+$",
    "(a?b?)*c",
    "(?:a*a*)*b",
    "([\\w-]+)*@",
    "(?=(x+x+)+y)z",
    "(\\d|[0-9])+!",
    "(a{1,3}){2,}b",
    "(\\p{L}|é)+!",
    "(?<word>\\w{1,20})+-",
    "(a|b|ab)*c",
    "(x+x+)+y",
  ])("%s", (pattern) => {
    expect(patternFault(pattern)).toContain("exponential");
  });
});

describe("a pattern that no text makes slow is taken", () => {
  test.each([
    "^\\w+$",
    "^([a-z0-9-]+\\.)+[a-z]{2,}$",
    "(foo|bar)+baz",
    "^220[ -].*ESMTP",
    "(a*b)*c",
    "\\bok\\b",
    "[^\\]]+\\]",
    "(?<year>\\d{4})-(?:\\d\\d)",
    "^(?!.*error).*$",
    "(\\d{1,3}\\.){3}\\d{1,3}",
    '"version":\\s*"[^"]*"',
    "\\u{1F600}+x\\x41\\cA",
    "^$",
    "",
    "(a|b)*c",
    "[a-z]{1,200}",
  ])("%s", (pattern) => {
    expect(patternFault(pattern)).toBeNull();
  });
});

test("a pattern that does not compile, has a back reference or is too large is reported", () => {
  expect(patternFault("(")).toContain("Unterminated group");
  expect(patternFault("(a)\\1")).toContain("back reference");
  expect(patternFault("(?<x>a)\\k<x>")).toContain("back reference");
  expect(patternFault("(ab){200}")).toContain("too large");
  expect(patternFault("[")).not.toBeNull();
});

test("the analysis itself takes bounded time", () => {
  const began = performance.now();
  for (const pattern of [
    `(${"a?".repeat(120)})*`,
    `(${Array.from({ length: 120 }, (_, index) => String.fromCharCode(0x4e00 + index)).join("|")})*`,
    "((((a{9}){9}){9}){9})*",
  ])
    patternFault(pattern);
  expect(performance.now() - began).toBeLessThan(3000);
});
