import { describe, expect, test } from "vitest";
import { mismatches } from "../../../runner/suite/judge.js";
import type { Carried } from "../../../schemas/carried.js";
import { failure } from "../../../schemas/failure.js";
import type { Expectation } from "../../../schemas/suite.js";

const fine: Carried = { status: "ok", failure: null, ip_address: "192.0.2.1", connected_time: null, operations: [], duration_ms: 1 };
const refused: Carried = {
  ...fine,
  status: "error",
  failure: { ...failure("mail", "reply_rejected", "no such user"), reply_code: 550, enhanced_code: "5.1.1" },
};
const late = {
  ...fine,
  status: "warning" as const,
  findings: [{ severity: "warning", reason: "slow", message: "it is slow", expected: "1", actual: "2" }],
};
const messagesFor = (expected: Expectation | undefined, carried: Carried) =>
  mismatches(expected, carried, carried).map(({ path, message }) => [path.join("/"), message]);

describe("what is not as a check expects it", () => {
  test("is nothing for a run that is not an error, when nothing is expected", () => {
    expect(messagesFor(undefined, fine)).toEqual([]);
    expect(messagesFor(undefined, late)).toEqual([]);
    expect(messagesFor({}, fine)).toEqual([]);
  });

  test("is an unexpected error, with its reason", () => {
    expect(messagesFor(undefined, refused)).toEqual([["", "status: expected ok or warning, got error (reply_rejected in mail (550 5.1.1): no such user)"]]);
    expect(messagesFor({ output: { ip_address: "192.0.2.1" } }, refused)).toHaveLength(1);
  });

  test("is another status than the one that is expected", () => {
    expect(messagesFor({ status: "ok" }, late)).toEqual([["status", "status: expected ok, got warning (slow: it is slow (expected 1, got 2))"]]);
    expect(messagesFor({ status: "error" }, refused)).toEqual([]);
    expect(messagesFor({ status: "error" }, fine)).toEqual([["status", "status: expected error, got ok"]]);
  });

  test("is another failure than the one that is expected", () => {
    expect(messagesFor({ failure: { phase: "mail", code: "reply_rejected", reply_code: 550, enhanced_code: "5.1.1", retryable: false } }, refused)).toEqual([]);
    expect(messagesFor({ failure: { phase: "rcpt", reply_code: 551 } }, refused)).toEqual([
      ["failure/phase", 'failure.phase: expected "rcpt", got "mail"'],
      ["failure/reply_code", "failure.reply_code: expected 551, got 550"],
    ]);
    expect(messagesFor({ failure: { phase: "rcpt" } }, fine)).toEqual([
      ["failure", "status: expected error, got ok"],
      ["failure/phase", 'failure.phase: expected "rcpt", got no failure'],
    ]);
  });

  test("is each field that is not as expected", () => {
    expect(messagesFor({ output: { duration_ms: { above: 5 }, ip_address: { matches: "^10" }, "failure.code": "refused", nothing: null } }, fine)).toEqual([
      ["output/duration_ms", "duration_ms: expected a number above 5, got 1"],
      ["output/ip_address", 'ip_address: expected a text that matches "^10", got "192.0.2.1"'],
      ["output/failure.code", 'failure.code: expected "refused", got null'],
      ["output/nothing", "nothing: expected null, got no such field"],
    ]);
  });
});
