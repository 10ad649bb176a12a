import { describe, expect, test } from "vitest";
import { keptByText } from "../../../runner/support/kept.js";

describe("results kept by their text", () => {
  test("are worked out once, the oldest forgotten first, and never for long texts", () => {
    const worked: string[] = [];
    const sizeOf = keptByText(
      2,
      (text) => {
        worked.push(text);
        return text.length;
      },
      5,
    );
    expect(["a", "a", "bb", "a", "ccc", "bb", "a"].map(sizeOf)).toEqual([1, 1, 2, 1, 3, 2, 1]);
    expect(worked).toEqual(["a", "bb", "ccc", "a"]);
    sizeOf("longer");
    sizeOf("longer");
    expect(worked.slice(4)).toEqual(["longer", "longer"]);
  });
});
