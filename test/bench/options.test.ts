import { describe, expect, test } from "vitest";
import { OptionsError, parseOptions } from "../../bench/support/options.js";

const known = ["throughput", "startup", "accuracy"];
const nothing = { names: known, quick: false, explain: false, json: null, page: false, help: false };

describe("the command line of the bench", () => {
  test.each([
    [[], nothing],
    [["--quick", "--json", "figures.json"], { ...nothing, quick: true, json: "figures.json" }],
    [["accuracy", "throughput", "accuracy"], { ...nothing, names: ["throughput", "accuracy"] }],
    [["-h"], { ...nothing, help: true }],
  ])("%j", (args, options) => {
    expect(parseOptions(args, known)).toEqual(options);
  });

  test.each([
    [["speed"], "there is no bench speed; there are throughput, startup, accuracy"],
    [["--fast"], "--fast"],
    [["--json"], "--json"],
  ])("%j is refused", (args, message) => {
    expect(() => parseOptions(args, known)).toThrow(OptionsError);
    expect(() => parseOptions(args, known)).toThrow(message);
  });
});
