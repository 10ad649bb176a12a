import { expect, test } from "vitest";
import { reportError } from "../../../runner/cli/report-error.js";
import { LostRunError } from "../../../runner/processes/lost-run-error.js";

function reported(error: unknown): { readonly code: number; readonly text: string } {
  const pieces: string[] = [];
  const code = reportError(error, { err: (piece) => void pieces.push(piece) }, "hosts.jsonl, line 7");
  return { code, text: pieces.join("") };
}

test("a run whose process was killed is no bug: no stack is shown", () => {
  expect(reported(new LostRunError("the process of this run was killed by SIGKILL"))).toEqual({
    code: 3,
    text: "probe-run: hosts.jsonl, line 7: could not run: the process of this run was killed by SIGKILL\n",
  });
});

test("a bug is shown with its stack", () => {
  const { code, text } = reported(new TypeError("x is not a function"));
  expect(code).toBe(3);
  expect(text).toMatch(/could not run: x is not a function\n {4}at /);
});
