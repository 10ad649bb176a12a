import { describe, expect, test } from "vitest";
import { parseArguments, wholeNumber } from "../../../runner/cli/arguments.js";

const table = {
  set: { description: "", value: "KEY=VALUE", repeated: true },
  timeout: { description: "", value: "MS" },
  compact: { description: "" },
  lab: { description: "", value: "SERVER", optional: true },
} as const;

describe("parseArguments", () => {
  test("accepts switches, values and words in any order", () => {
    expect(parseArguments(["a", "--compact", "--timeout", "5", "b", "-", "--set", "x=1", "--set=y=2=3"], table)).toEqual({
      words: ["a", "b", "-"],
      options: { set: ["x=1", "y=2=3"], timeout: "5", compact: true, lab: null },
    });
  });

  test("gives every missing option its empty value", () => {
    expect(parseArguments([], table)).toEqual({ words: [], options: { set: [], timeout: null, compact: false, lab: null } });
  });

  test("takes an optional value only after =", () => {
    expect(parseArguments(["--lab", "word"], table)).toMatchObject({ words: ["word"], options: { lab: "" } });
    expect(parseArguments(["--lab=auth"], table)).toMatchObject({ words: [], options: { lab: "auth" } });
  });

  test("treats everything after -- as words", () => {
    expect(parseArguments(["--", "--compact", "--nonsense"], table)).toMatchObject({ words: ["--compact", "--nonsense"], options: { compact: false } });
  });

  test("takes a value that looks like an option", () => {
    expect(parseArguments(["--set", "--x=1"], table)).toMatchObject({ options: { set: ["--x=1"] } });
  });

  test.each([
    [["--tmeout", "5"], "there is no option --tmeout", "did you mean --timeout?"],
    [["--zzz"], "there is no option --zzz", "the options are: --set, --timeout, --compact, --lab, --help"],
    [["-c"], "there is no option -c", expect.any(String)],
    [["--hasOwnProperty"], "there is no option --hasOwnProperty", expect.any(String)],
    [["--timeout"], "--timeout needs a value: --timeout MS", undefined],
    [["--timeout", "1", "--timeout", "2"], "--timeout was given twice", undefined],
    [["--compact=yes"], "--compact does not take a value", undefined],
  ])("rejects %j", (argv, message, hint) => {
    expect(() => parseArguments(argv, table)).toThrow(
      expect.objectContaining({ summary: message, code: "usage", violations: hint === undefined ? [] : [expect.objectContaining({ message: hint })] }),
    );
  });
});

describe("wholeNumber", () => {
  test.each([
    ["1", 1],
    ["100", 100],
    [null, null],
  ])("parses %j", (written, number) => {
    expect(wholeNumber("n", written, 1, 100)).toBe(number);
  });

  test.each(["0", "101", "", " 1", "1.5", "1e2", "-1", "0x1", "9".repeat(30)])("rejects %j", (written) => {
    expect(() => wholeNumber("n", written, 1, 100)).toThrow(`--n must be a whole number from 1 to 100, not ${JSON.stringify(written)}`);
  });
});
