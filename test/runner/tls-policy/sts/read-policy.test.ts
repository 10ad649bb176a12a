import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { matchesMx, readStsPolicy } from "../../../../runner/tls-policy/sts/read-policy.js";

const POLICY = ["version: STSv1", "mode: enforce", "mx: mail.example.com", "mx: *.example.net", "mx: backupmx.example.com", "max_age: 604800"];
const without = (key: string): string => POLICY.filter((line) => !line.startsWith(key)).join("\n");

describe("point 53: a policy file", () => {
  test.each(["\n", "\r\n"])("is read with lines that end with %j", (end) => {
    expect(readStsPolicy(`${POLICY.join(end)}${end}`)).toEqual({
      mode: "enforce",
      mx: ["mail.example.com", "*.example.net", "backupmx.example.com"],
      maxAgeS: 604_800,
      lines: POLICY,
    });
  });

  test("may have its fields in any order, unknown fields, and spaces around values", () => {
    expect(readStsPolicy("future: x\nmax_age:10 \nmx:\tMail.Example.COM.\nmode:  testing\nversion :STSv1")).toMatchObject({
      mode: "testing",
      mx: ["mail.example.com"],
      maxAgeS: 10,
    });
  });

  test("uses the first of a repeated field", () => {
    expect(readStsPolicy(`${POLICY.join("\n")}\nmode: none\nmax_age: 1`)).toMatchObject({ mode: "enforce", maxAgeS: 604_800 });
  });

  test("needs no mx in mode none", () => {
    expect(readStsPolicy("version: STSv1\nmode: none\nmax_age: 0\n")).toMatchObject({ mode: "none", mx: [], maxAgeS: 0 });
  });

  test("point 49: is kept for at most a year", () => {
    expect(readStsPolicy(`${without("max_age")}\nmax_age: 9999999999`)).toMatchObject({ maxAgeS: 31_557_600 });
  });

  test("point 32: converts names beyond ASCII to A-labels", () => {
    expect(readStsPolicy(`${without("mx")}\nmx: mx.例え.jp\nmx: *.bücher.example`)).toMatchObject({ mx: ["mx.xn--r8jz45g.jp", "*.xn--bcher-kva.example"] });
  });

  test.each([
    ["version", without("version")],
    ["mode", without("mode")],
    ["max_age", without("max_age")],
    ["mx", without("mx")],
    ["mode", `${without("mode")}\nmode: enforced`],
    ["max_age", `${without("max_age")}\nmax_age: -1`],
    ["max_age", `${without("max_age")}\nmax_age: 12345678901`],
    ["mx", `${POLICY.join("\n")}\nmx: *.*.example.com`],
    ["mx", `${POLICY.join("\n")}\nmx: mail.*.example.com`],
    ["mx", `${POLICY.join("\n")}\nmx: 192.0.2.1`],
    ["mx", `${POLICY.join("\n")}\nmx: *`],
    ["KEY: VALUE", "<html><body>not here</body></html>"],
    ["version", ""],
  ])("without a valid %s is invalid", (what, text) => {
    expect(readStsPolicy(text)).toEqual({ problem: expect.stringContaining(what) });
  });
});

describe("point 50: a wildcard matches one label on the left", () => {
  test.each([
    ["mail.example.com", ["mail.example.com"], true],
    ["Mail.Example.COM.", ["mail.example.com"], true],
    ["a.example.com", ["*.example.com"], true],
    ["a.b.example.com", ["*.example.com"], false],
    ["example.com", ["*.example.com"], false],
    ["xexample.com", ["*.example.com"], false],
    ["mail.example.com.evil.example", ["mail.example.com", "*.example.com"], false],
    ["com", ["*.com"], false],
    ["mail.example.com", [], false],
  ])("%s in %j: %s", (host, patterns, expected) => {
    expect(matchesMx(host as string, patterns as string[])).toBe(expected);
  });
});

describe("a random policy file", () => {
  const line = fc.oneof(
    fc.constantFrom(...POLICY, "mx: *.例え.jp", "mode: none", "max_age: 0", ":", "mx:", "mx: .", "\u0000"),
    fc.string(),
    fc.tuple(fc.constantFrom("version", "mode", "mx", "max_age"), fc.string()).map((field) => field.join(": ")),
  );

  test("is a policy that another process reads unchanged, or an error with the reason", () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
        const read = readStsPolicy(lines.join("\n"));
        if ("problem" in read) expect(read.problem).not.toBe("");
        else expect(readStsPolicy(read.lines.join("\n"))).toEqual(read);
      }),
      { numRuns: 500 },
    );
  });

  test("a wildcard pattern matches names with one more label only", () => {
    const name = fc.array(fc.constantFrom("a", "b", "example", "x--y"), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(name, name, (host, parent) => {
        expect(matchesMx(host.join("."), [`*.${parent.join(".")}`])).toBe(host.slice(1).join(".") === parent.join("."));
      }),
    );
  });
});
