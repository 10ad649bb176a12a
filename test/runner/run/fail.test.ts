import { expect, test } from "vitest";
import { FailureError, fail } from "../../../runner/index.js";

test("fail() throws by itself: a forgotten throw would make a failed run look fine", () => {
  expect(() => fail("command", "refused", "the peer refused")).toThrow(FailureError);
  expect(() => fail("command", "refused", "the peer refused")).toThrow(
    expect.objectContaining({ failure: expect.objectContaining({ phase: "command", code: "refused" }) }),
  );
});
