import { describe, expect, test } from "vitest";
import { type Schema, schemaBreaks } from "../../scripts/schema-breaks.js";
import { versionsToCompare } from "../../scripts/versions-to-compare.js";

const closed = (properties: Record<string, Schema>, required: string[] = []): Schema => ({ type: "object", properties, required, additionalProperties: false });
const string = { type: "string" };
const integer = { type: "integer" };
const orNull = (schema: Schema): Schema => ({ anyOf: [schema, { type: "null" }] });
const breaksBetween = (before: Schema, after: Schema, side: "input" | "output") =>
  schemaBreaks(before, after, side).map(({ pointer, message }) => `${pointer} ${message}`);

describe("an input breaks its callers when", () => {
  const cases: [what: string, before: Schema, after: Schema, breaks: string[]][] = [
    ["a field is removed", closed({ a: string, b: string }), closed({ a: string }), ["/properties/b the field is gone"]],
    ["a field is newly required", closed({ a: string }), closed({ a: string }, ["a"]), ["/properties/a the field is required now"]],
    ["a new field is required", closed({}), closed({ a: string }, ["a"]), ["/properties/a the field is required now"]],
    ["an enum is narrowed", closed({ a: { enum: ["x", "y"] } }), closed({ a: { enum: ["x"] } }), ['/properties/a "y" is no longer accepted']],
    ["any text becomes an enum", closed({ a: string }), closed({ a: { type: "string", enum: ["x"] } }), ['/properties/a only ["x"] is accepted now']],
    ["a type is narrowed", closed({ a: { type: "number" } }), closed({ a: integer }), ["/properties/a the type number became integer"]],
    ["a type changes", closed({ a: string }), closed({ a: integer }), ["/properties/a string is no longer accepted"]],
    ["null is no longer accepted", closed({ a: orNull(string) }), closed({ a: string }), ["/properties/a null is no longer accepted"]],
    ["an upper bound comes down", closed({ a: { ...integer, maximum: 9 } }), closed({ a: { ...integer, maximum: 8 } }), ["/properties/a maximum 9 became 8"]],
    ["a bound is new", closed({ a: string }), closed({ a: { ...string, minLength: 1 } }), ["/properties/a minLength (none) became 1"]],
    ["a pattern is new", closed({ a: string }), closed({ a: { ...string, pattern: "^x" } }), ['/properties/a pattern null became "^x"']],
    ["a default is removed", closed({ a: { ...integer, default: 1 } }), closed({ a: integer }), ["/properties/a the default 1 is gone"]],
    ["a default changes", closed({ a: { ...integer, default: 1 } }), closed({ a: { ...integer, default: 2 } }), ["/properties/a the default 1 became 2"]],
    ["items are narrowed", { type: "array", items: string }, { type: "array", items: { ...string, maxLength: 5 } }, ["/items maxLength (none) became 5"]],
    ["it is closed", { type: "object", properties: {} }, closed({}), ["/additionalProperties further fields are no longer accepted"]],
    [
      "something deep inside is removed",
      closed({ a: orNull(closed({ b: string, c: string })) }),
      closed({ a: orNull(closed({ b: string })) }),
      ["/properties/a/properties/c the field is gone"],
    ],
  ];
  test.each(cases)("%s", (_, before, after, expected) => {
    expect(breaksBetween(before, after, "input")).toEqual(expected);
  });
});

describe("an input stays compatible if", () => {
  const cases: [what: string, before: Schema, after: Schema][] = [
    ["an optional field is added", closed({ a: string }), closed({ a: string, b: integer })],
    ["a field is no longer required", closed({ a: string }, ["a"]), closed({ a: string })],
    ["an enum grows", closed({ a: { enum: ["x"] } }), closed({ a: { enum: ["x", "y"] } })],
    ["a type widens", closed({ a: integer }), closed({ a: orNull({ type: "number" }) })],
    ["a type joins another", closed({ a: string }), closed({ a: { type: ["integer", "string"] } })],
    ["bounds widen", closed({ a: { ...integer, minimum: 2, maximum: 3 } }), closed({ a: { ...integer, minimum: 1 } })],
    ["a default is added", closed({ a: integer }), closed({ a: { ...integer, default: 3 } })],
    ["it is described better", closed({ a: string }), closed({ a: { ...string, description: "Better." } })],
    ["a constant becomes one of several values", closed({ a: { const: "x" } }), closed({ a: { enum: ["x", "y"] } })],
  ];
  test.each(cases)("%s", (_, before, after) => {
    expect(breaksBetween(before, after, "input")).toEqual([]);
  });
});

describe("an output breaks its consumers when", () => {
  const cases: [what: string, before: Schema, after: Schema, breaks: string[]][] = [
    ["a field is removed", closed({ a: string, b: string }, ["a", "b"]), closed({ a: string }, ["a"]), ["/properties/b the field is gone"]],
    ["a field may be absent", closed({ a: string }, ["a"]), closed({ a: string }), ["/properties/a the field is no longer always there"]],
    ["a field may be null", closed({ a: string }, ["a"]), closed({ a: orNull(string) }, ["a"]), ["/properties/a may now be null"]],
    ["a type widens", closed({ a: integer }), closed({ a: { type: "number" } }), ["/properties/a the type integer became number"]],
    ["an enum grows", closed({ a: { enum: ["x"] } }), closed({ a: { enum: ["x", "y"] } }), ['/properties/a "y" is a new value']],
    ["an enum is dropped", closed({ a: { ...string, enum: ["x"] } }), closed({ a: string }), ['/properties/a is no longer one of ["x"]']],
    ["a bound is dropped", closed({ a: { ...string, maxLength: 9 } }), closed({ a: string }), ["/properties/a maxLength 9 became (none)"]],
    ["its items widen", { type: "array", items: integer }, { type: "array", items: { type: "number" } }, ["/items the type integer became number"]],
  ];
  test.each(cases)("%s", (_, before, after, expected) => {
    expect(breaksBetween(before, after, "output")).toEqual(expected);
  });
});

describe("an output stays compatible if", () => {
  const cases: [what: string, before: Schema, after: Schema][] = [
    ["a field is added", closed({ a: string }, ["a"]), closed({ a: string, b: string }, ["a", "b"])],
    ["an enum shrinks", closed({ a: { enum: ["x", "y"] } }), closed({ a: { enum: ["x"] } })],
    ["a field is never null any more", closed({ a: orNull(string) }, ["a"]), closed({ a: string }, ["a"])],
    ["bounds narrow", closed({ a: string }), closed({ a: { ...string, maxLength: 3 } })],
  ];
  test.each(cases)("%s", (_, before, after) => {
    expect(breaksBetween(before, after, "output")).toEqual([]);
  });
});

describe("versions", () => {
  test("a removed version is a break", () => {
    expect(versionsToCompare({ "network.smtp": ["1.0.0", "2.0.0"] }, { "network.smtp": ["2.0.0"] })).toEqual([
      { probe: "network.smtp", released: "1.0.0", now: null },
      { probe: "network.smtp", released: "2.0.0", now: "2.0.0" },
    ]);
  });

  test("a removed probe is a break", () => {
    expect(versionsToCompare({ "network.smtp": ["1.0.0"] }, {})).toEqual([{ probe: "network.smtp", released: "1.0.0", now: null }]);
  });

  test("a new minor is held to the newest release before it in its major", () => {
    expect(versionsToCompare({ p: ["1.0.0", "1.2.0", "1.10.0"] }, { p: ["1.0.0", "1.2.0", "1.10.0", "1.9.0"] })).toContainEqual({
      probe: "p",
      released: "1.2.0",
      now: "1.9.0",
    });
  });

  test("a new major and a new probe are held to nothing", () => {
    expect(versionsToCompare({ p: ["1.0.0"] }, { p: ["1.0.0", "2.0.0"], q: ["1.0.0"] })).toEqual([{ probe: "p", released: "1.0.0", now: "1.0.0" }]);
  });
});
