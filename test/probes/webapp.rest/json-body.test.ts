import { expect, test } from "vitest";
import { readJson } from "../../../probes/webapp.rest/json-body.js";

test.each([
  ["a key twice, written in two ways", '{"ab":1,"c":{"ab":2},"a\\u0062":3}', ["duplicate_key"]],
  ["the same key in two objects", '[{"a":1},{"a":2}]', []],
  ["a key that occurs as a text", '{"a":"b","b":"a"}', []],
  ["a text of marks and quotation marks", '{"a":"{\\"x\\":1,\\"x\\":9007199254740993}\\\\","b":[]}', []],
  ["an integer that is rounded", '{"id": -9007199254740993}', ["inexact_number"]],
  ["numbers that are exact", "[0,-1.5e+300,9007199254740991]", []],
  ["a byte order mark", "\ufeff[true,null]", ["byte_order_mark"]],
])("%s", (_case, text, anomalies) => {
  const read = readJson(text);
  expect(read.body.kind).toBe("json");
  expect(read.anomalies).toEqual(anomalies);
});

test("what is nested too deep is not read", () => {
  expect(readJson(`${"[".repeat(128)}${"]".repeat(128)}`).body.kind).toBe("json");
  expect(readJson(`${"[".repeat(129)}${"]".repeat(129)}`).body).toEqual({ kind: "unreadable", why: "it is nested more than 128 deep" });
});

test.each(["x", "\\n"])("a text of 16 MB of %j is read", (unit) => {
  expect(readJson(JSON.stringify({ text: unit.repeat(16_000_000 / unit.length) })).body.kind).toBe("json");
});
