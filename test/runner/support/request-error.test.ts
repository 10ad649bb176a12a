import { describe, expect, test } from "vitest";
import { RequestError, reasonText, type Violation } from "../../../runner/support/request-error.js";

const violation = (pointer: string, message: string, hint: string | null = null): Violation => ({ pointer, message, hint });
const error = (...violations: Violation[]) => new RequestError("it is wrong", "usage", violations);
const misspelled = [violation("/target_host", "is missing"), violation("/target_hots", "there is no such field", "did you mean target_host?")];

describe("the message of a RequestError", () => {
  test("says why, on one line for one violation", () => {
    expect(error().message).toBe("it is wrong");
    expect(error(violation("", "say why")).message).toBe("it is wrong: say why");
    expect(error(violation("/a", "must be text", "write it in quotes")).message).toBe("it is wrong: /a must be text; write it in quotes");
  });

  test("lists several violations, and summary leaves them out", () => {
    expect(error(...misspelled).message).toBe("it is wrong:\n  /target_host is missing\n  /target_hots there is no such field; did you mean target_host?");
    expect(error(...misspelled).summary).toBe("it is wrong");
  });

  test("is bounded", () => {
    const lines = error(...Array.from({ length: 5000 }, (_, index) => violation(`/${index}`, "is missing"))).message.split("\n");
    expect(lines).toHaveLength(12);
    expect(lines.at(-1)).toBe("  … and 4990 more");
  });

  test("as one line names the misspelled field, which explains the missing one", () => {
    expect(reasonText(error(...misspelled))).toBe("it is wrong: /target_hots there is no such field; did you mean target_host? (and 1 more)");
    expect(reasonText(new Error("a bug"))).toBe("a bug");
  });
});
