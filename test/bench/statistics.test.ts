import { describe, expect, test } from "vitest";
import { percentile, ratios, spreadOf } from "../../bench/support/statistics.js";

describe("a spread", () => {
  test("of an odd number of rounds has the middle one as its median", () => {
    expect(spreadOf([30, 10, 20])).toEqual({ median: 20, min: 10, max: 30, runs: 3 });
  });

  test("of an even number has the mean of the two in the middle", () => {
    expect(spreadOf([4, 1, 100, 2])).toEqual({ median: 3, min: 1, max: 100, runs: 4 });
  });

  test("sorts numbers as numbers, and leaves the rounds as they were", () => {
    const rounds = [100, 9];
    expect(spreadOf(rounds).max).toBe(100);
    expect(rounds).toEqual([100, 9]);
  });

  test("of nothing is a bug", () => {
    expect(() => spreadOf([])).toThrow("nothing was measured");
  });
});

describe("a ratio", () => {
  test("is taken round by round: a round that was slow for both does not count", () => {
    expect(ratios([100, 10, 90], [50, 5, 45])).toEqual({ median: 2, min: 2, max: 2, runs: 3 });
  });

  test("needs as many rounds of both", () => {
    expect(() => ratios([1, 2], [1])).toThrow("2 rounds of ours against 1 of the peer");
  });
});

test.each([
  [[5], 0.5, 5],
  [[5], 0.99, 5],
  [[1, 2, 3, 4], 0.5, 2],
  [[1, 2, 3, 4], 0.99, 4],
  [Array.from({ length: 1000 }, (_, index) => 1000 - index), 0.99, 990],
  [Array.from({ length: 1000 }, (_, index) => 1000 - index), 0, 1],
])("%j: the percentile %d is %d", (values, share, expected) => {
  expect(percentile(values, share)).toBe(expected);
});
