import { describe, expect, test } from "vitest";
import { parseLimits } from "../../../runner/limits/parse-limits.js";
import { backoffMs } from "../../../runner/queue/backoff.js";

describe("limits as people write them", () => {
  test.each([
    ["50", { atOnce: 50, rate: null }],
    ["100/s", { atOnce: null, rate: { perSecond: 100, burst: 100 } }],
    ["30/min", { atOnce: null, rate: { perSecond: 0.5, burst: 1 } }],
    ["0.5/s", { atOnce: null, rate: { perSecond: 0.5, burst: 1 } }],
    ["5, 10/s, burst 2", { atOnce: 5, rate: { perSecond: 10, burst: 2 } }],
  ])("%s", (written, limit) => {
    expect(parseLimits([written])).toEqual({ all: limit, eachKey: null, keys: {} });
    expect(parseLimits([`key=${written}`])).toEqual({ all: null, eachKey: limit, keys: {} });
    expect(parseLimits([`key:mx.example.org=${written}`])).toEqual({ all: null, eachKey: null, keys: { "mx.example.org": limit } });
  });

  test("several, the keys' names as they stand", () => {
    const { keys, all } = parseLimits(["7", "key:__proto__=1", "key:a:b=2"]);
    expect(all?.atOnce).toBe(7);
    expect(Object.entries(keys).map(([key, { atOnce }]) => [key, atOnce])).toEqual([
      ["__proto__", 1],
      ["a:b", 2],
    ]);
  });

  test.each(["", "0", "-1", "many", "5/h", "1.5", "burst 3", "key", "key=", "5,,6", "10/s,burst 1.5"])("%s is reported", (written) => {
    expect(() => parseLimits([written])).toThrow(expect.objectContaining({ code: "usage", summary: `${JSON.stringify(written)} is no limit` }));
  });
});

describe("back-off", () => {
  test("the longest wait doubles up to the most, and the whole range is drawn from", () => {
    const longest = [1, 2, 3, 4, 50].map((attempt) => backoffMs(attempt, 100, 500, () => 1));
    expect(longest).toEqual([100, 200, 400, 500, 500]);
    expect(backoffMs(3, 100, 500, () => 0)).toBe(0);
    expect(backoffMs(3, 100, 500, () => 0.5)).toBe(200);
  });
});
