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

  test("may be in any order, hold fields that nobody knows, and blanks around values", () => {
    expect(readStsPolicy("future: x\nmax_age:10 \nmx:\tMail.Example.COM.\nmode:  testing\nversion :STSv1")).toMatchObject({
      mode: "testing",
      mx: ["mail.example.com"],
      maxAgeS: 10,
    });
  });

  test("counts the first of a field that stands twice", () => {
    expect(readStsPolicy(`${POLICY.join("\n")}\nmode: none\nmax_age: 1`)).toMatchObject({ mode: "enforce", maxAgeS: 604_800 });
  });

  test("needs no mx when its mode is none", () => {
    expect(readStsPolicy("version: STSv1\nmode: none\nmax_age: 0\n")).toMatchObject({ mode: "none", mx: [], maxAgeS: 0 });
  });

  test("point 49: is kept for a year at most", () => {
    expect(readStsPolicy(`${without("max_age")}\nmax_age: 9999999999`)).toMatchObject({ maxAgeS: 31_557_600 });
  });

  test("point 32: takes names that are not ASCII for their A-labels", () => {
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
  ])("without a right %s is none", (what, text) => {
    expect(readStsPolicy(text)).toEqual({ problem: expect.stringContaining(what) });
  });
});

describe("point 50: a star stands for one label on the left", () => {
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

describe("whatever a host sends", () => {
  const line = fc.oneof(
    fc.constantFrom(...POLICY, "mx: *.例え.jp", "mode: none", "max_age: 0", ":", "mx:", "mx: .", "\u0000"),
    fc.string(),
    fc.tuple(fc.constantFrom("version", "mode", "mx", "max_age"), fc.string()).map((field) => field.join(": ")),
  );

  test("is a policy that another process reads the same, or a sentence that says why it is none", () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
        const read = readStsPolicy(lines.join("\n"));
        if ("problem" in read) expect(read.problem).not.toBe("");
        else expect(readStsPolicy(read.lines.join("\n"))).toEqual(read);
      }),
      { numRuns: 500 },
    );
  });

  test("a pattern with a star matches the names with one more label, and no others", () => {
    const name = fc.array(fc.constantFrom("a", "b", "example", "x--y"), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(name, name, (host, parent) => {
        expect(matchesMx(host.join("."), [`*.${parent.join(".")}`])).toBe(host.slice(1).join(".") === parent.join("."));
      }),
    );
  });
});
