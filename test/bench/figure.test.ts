import { describe, expect, test } from "vitest";
import { type Figure, verdictOf } from "../../bench/support/figure.js";
import { tableOf } from "../../bench/support/table.js";

const once = (value: number) => ({ median: value, min: value, max: value, runs: 1 });

const rate: Figure = {
  bench: "throughput",
  name: "rate",
  unit: "probes/s",
  peer: "another",
  ours: once(4000),
  peers: once(5000),
  ratio: { median: 0.8, min: 0.7, max: 0.95, runs: 9 },
  goal: { of: "ratio", at: "least", value: 0.8 },
  skipped: null,
};
const error: Figure = {
  ...rate,
  name: "error",
  unit: "ms",
  ours: once(0.0512),
  peers: once(1.2345),
  ratio: once(0.0415),
  goal: { of: "ours", at: "most", value: 1 },
};
const skipped: Figure = { ...rate, peer: "an absent peer", ours: null, peers: null, ratio: null, skipped: "it is not installed" };

describe("the verdict", () => {
  test.each<[string, Figure, string]>([
    ["a goal that is just reached", rate, "met"],
    ["a ratio below its goal", { ...rate, ratio: once(0.79) }, "missed"],
    ["a value above its goal", { ...error, ours: once(1.01) }, "missed"],
    ["a value whose ratio is not what is asked for", { ...error, ratio: once(99) }, "met"],
    ["a figure without a goal", { ...rate, goal: null }, "shown"],
    ["a peer that is not there", skipped, "skipped"],
  ])("%s", (_title, figure, verdict) => {
    expect(verdictOf(figure)).toBe(verdict);
  });

  test("on a goal for what was not measured is a bug", () => {
    expect(() => verdictOf({ ...rate, ratio: null })).toThrow("which was not measured");
  });
});

describe("the table", () => {
  test("has a line for each figure, and what was skipped below", () => {
    expect(tableOf([rate, skipped, error])).toBe(
      [
        "figure  ours            beside it                  ratio (min-max)   goal                     runs",
        "rate    4,000 probes/s  another    5,000 probes/s  0.80 (0.70-0.95)  at least 0.8 times  met  1",
        "error   0.051 ms        another    1.23 ms         0.04 (0.04-0.04)  at most 1 ms        met  1",
        "skipped: rate, beside an absent peer: it is not installed",
        "",
      ].join("\n"),
    );
  });

  test("of skipped figures alone has no headings", () => {
    expect(tableOf([skipped])).toBe("skipped: rate, beside an absent peer: it is not installed\n");
  });
});
