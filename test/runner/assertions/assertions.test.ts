import { describe, expect, test } from "vitest";
import { failedAssertions } from "../../../runner/assertions/assertions.js";

describe("an assertion", () => {
  test.each<[expected: unknown, fits: unknown[], fitsNot: unknown[]]>([
    ["ESMTP", ["ESMTP"], ["esmtp", "ESMTP ready", null, undefined, ["ESMTP"]]],
    [250, [250], ["250", 251, null]],
    [null, [null], [undefined, 0, ""]],
    [["a", "b"], [["a", "b"]], [["b", "a"], ["a"], "a,b"]],
    [{ equals: { a: [1] } }, [{ a: [1] }], [{ a: [1], b: 2 }, { a: ["1"] }]],
    [{ contains: "SMTP" }, ["ESMTP ready", ["SMTP"]], ["esmtp", ["ESMTP"], null, 5]],
    [{ contains: { keyword: "SIZE" } }, [[{ keyword: "SIZE" }]], [[{ keyword: "SIZE", parameters: [] }], "SIZE"]],
    [{ matches: "^mx\\d+\\." }, ["mx1.example.org"], ["amx1.", "mx.", null, 1]],
    [{ above: 14 }, [14.1], [14, 13, "15", null]],
    [{ at_least: 14 }, [14, 15], [13.9, "14"]],
    [{ below: 200 }, [199.9], [200, "1", null, undefined]],
    [{ at_most: 200 }, [200], [200.1]],
    [{ above: 1, below: 3 }, [2], [1, 3]],
    [{ one_of: ["TLSv1.2", "TLSv1.3"] }, ["TLSv1.3"], ["TLSv1.1", null]],
    [{ in: ["a", ["b"]] }, ["a", ["b"]], ["b", null]],
    [{ min: 14, max: 15 }, [14, 15], [13.9, 15.1, "14", null]],
    [{ absent: true }, [null, undefined], [0, "", false]],
    [{ absent: false }, [0, "", []], [null, undefined]],
    [{ exists: true }, [0, "", false, []], [null, undefined]],
    [{ exists: false }, [null, undefined], [0, ""]],
  ])("%j", (expected, fits, fitsNot) => {
    for (const value of fits) expect(failedAssertions(expected, value), JSON.stringify(value)).toEqual([]);
    for (const value of fitsNot) expect(failedAssertions(expected, value), JSON.stringify(value)).not.toEqual([]);
  });

  test("says what it wanted, each in its own words", () => {
    expect(failedAssertions({ above: 1, below: 3, matches: "^2$" }, 5)).toEqual(["a number below 3", 'a text that matches "^2$"']);
    expect(failedAssertions({ exists: true }, null)).toEqual(["a value"]);
  });

  test("stops an expression that a text makes backtrack exponentially", () => {
    const began = performance.now();
    expect(failedAssertions({ matches: "^(a+)+$" }, `${"a".repeat(4000)}!`)).toHaveLength(1);
    expect(performance.now() - began).toBeLessThan(5000);
  });
});
