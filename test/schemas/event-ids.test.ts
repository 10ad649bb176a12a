import { describe, expect, test } from "vitest";
import { jobEventContract } from "../../schemas/job-event.js";
import { RESULT_TYPE, resultEventContract } from "../../schemas/result-event.js";

const job = (id: unknown) => ({ specversion: "1.0", id, source: "test", type: "probe-run.job", data: { probe: "network.smtp", version: "2.0.0", input: {} } });
const result = (id: unknown) => ({ specversion: "1.0", id, source: "test", type: RESULT_TYPE, data: {} });

describe("ids of jobs and events", () => {
  test.each(["a", "batch-7:12", "<x.y@mx.example.org>", "6f1c2a34-0b8e-4a51-9d6a-6c1f2f7d9e10", "x".repeat(200)])("%s is one", (id) => {
    expect(jobEventContract.validator(job(id))).toBe(true);
    expect(resultEventContract.validator(result(id))).toBe(true);
  });

  test.each([
    ["nothing", ""],
    ["ESC", "a\u001b[2J"],
    ["OSC", "\u001b]0;title\u0007"],
    ["a C1 control", "a\u009b2J"],
    ["LF", "a\nb"],
    ["LF at its end", "a\n"],
    ["NUL", "a\0"],
    ["DEL", "a\u007f"],
    ["a space", "a b"],
    ["a lone surrogate", "a\ud800"],
    ["a turned direction", "a\u202eb"],
    ["what is no ASCII", "é"],
    ["more than 240 characters", "x".repeat(241)],
    ["a number", 7],
  ])("%s is refused", (_what, id) => {
    expect(jobEventContract.validator(job(id))).toBe(false);
    expect(resultEventContract.validator(result(id))).toBe(false);
  });
});
