import { describe, expect, test } from "vitest";
import { withOverrides } from "../../../runner/cli/overrides.js";

describe("--set", () => {
  test.each([
    ["a=1", { a: 1 }],
    ["a=text", { a: "text" }],
    ["a=", { a: "" }],
    ["a=x=y", { a: "x=y" }],
    ["a=true", { a: true }],
    ['a="25"', { a: "25" }],
    ['a=["1.1.1.1"]', { a: ["1.1.1.1"] }],
    ["a.b.c=1", { a: { b: { c: 1 } } }],
    ["toString=1", { toString: 1 }],
  ])("%s", (written, expected) => {
    expect(withOverrides({}, [written])).toEqual(expected);
  });

  test("changes a copy, field by field, in order", () => {
    const input = { tls: { mode: "none", warn_days: 1 }, list: [{ a: 1 }] };
    expect(withOverrides(input, ["tls.mode=starttls", "tls.mode=implicit", "list.0.a=2"])).toEqual({
      tls: { mode: "implicit", warn_days: 1 },
      list: [{ a: 2 }],
    });
    expect(input).toEqual({ tls: { mode: "none", warn_days: 1 }, list: [{ a: 1 }] });
  });

  test("sets __proto__ as an ordinary field, which the contract rejects", () => {
    const changed = withOverrides({}, ["__proto__.polluted=1"]) as object;
    expect(Object.keys(changed)).toEqual(["__proto__"]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test.each(["a", "=1", "", "a..b=1", ".a=1", "a.=1"])("rejects %j", (written) => {
    expect(() => withOverrides({}, [written])).toThrow(`--set ${JSON.stringify(written)} is not KEY=VALUE`);
  });

  test.each([
    [{ a: "text" }, "a.b=1"],
    [{ a: null }, "a.b=1"],
    [5, "a=1"],
  ])("does not set a field of %j by %s", (input, written) => {
    expect(() => withOverrides(input, [written])).toThrow("refers to a field of a value that has no fields");
  });
});
