import { expect, test } from "vitest";
import { github } from "../../../runner/formats/github.js";
import { broken, failed, HOSTILE, rendered, result, warned } from "./results.js";

test("what is wrong is an annotation, what is ok a line of the log", () => {
  const results = [result(), failed("connect", "refused", "connection refused"), warned("slow: 5, 6"), broken("a bug")];
  expect(rendered(github(), results).split("\n")).toEqual([
    "ok: network.smtp mx.example.org:25 in 100.3 ms",
    "::error title=network.smtp mx.example.org%3A25::connect: refused: connection refused",
    "::warning title=network.smtp mx.example.org%3A25::slow: 5, 6",
    "::error title=network.smtp mx.example.org%3A25::could not run: a bug",
    "",
  ]);
});

test("no text of a server can start a workflow command", () => {
  const hostile = result({ status: "error", failure: { phase: "data", code: "reset", message: HOSTILE } }, { target: "x\n::stop-commands::y" });
  const lines = rendered(github(), [hostile, warned(HOSTILE), broken(HOSTILE), result({}, { target: "::add-mask::a" })])
    .trimEnd()
    .split("\n");
  expect(lines.map((line) => line.split(" ")[0])).toEqual(["::error", "::warning", "::error", "ok:"]);
  expect(lines.join()).toContain("%250A");
  expect(lines.filter((line) => line.includes("\r") || line.includes("\u001b"))).toEqual([]);
});
