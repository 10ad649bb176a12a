import { expect, test } from "vitest";
import { json } from "../../../runner/formats/json.js";
import { jsonl } from "../../../runner/formats/jsonl.js";
import { broken, rendered, result, setting } from "./results.js";

test("json: one envelope, or an array of them", () => {
  const { envelope } = result().report as { envelope: unknown } & object;
  expect(JSON.parse(rendered(json(setting(false)), [result()]))).toEqual(envelope);
  expect(JSON.parse(rendered(json(setting(true)), [result(), broken("x"), result()]))).toEqual([envelope, null, envelope]);
});

test("jsonl: an envelope a line", () => {
  const lines = rendered(jsonl(setting(true)), [result(), broken("x")])
    .trimEnd()
    .split("\n");
  expect(lines.map((line) => JSON.parse(line))).toEqual([result().report?.envelope, null]);
});
