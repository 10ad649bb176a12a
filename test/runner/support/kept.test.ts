import { describe, expect, test } from "vitest";
import { keptByText } from "../../../runner/support/kept.js";

describe("results kept by their text", () => {
  test("are kept when they come again, the oldest forgotten first, and never for long texts", () => {
    const worked: string[] = [];
    const sizeOf = keptByText(
      2,
      (text) => {
        worked.push(text);
        return text.length;
      },
      5,
    );
    expect(["a", "a", "a", "bb", "bb", "bb", "a"].map(sizeOf)).toEqual([1, 1, 1, 2, 2, 2, 1]);
    expect(worked).toEqual(["a", "a", "bb", "bb"]);
    // The third that is kept takes the place of the first.
    expect(["ccc", "ccc", "bb", "a"].map(sizeOf)).toEqual([3, 3, 2, 1]);
    expect(worked.slice(4)).toEqual(["ccc", "ccc", "a"]);
    for (let time = 0; time < 3; time++) sizeOf("longer");
    expect(worked.slice(7)).toEqual(["longer", "longer", "longer"]);
  });
});
