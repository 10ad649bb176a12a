import { expect, test } from "vitest";
import { factLines } from "../../../runner/formats/pretty/facts.js";
import { styleFor } from "../../../runner/support/style.js";
import { cellsOf } from "../../../runner/support/text-width.js";

const style = styleFor({ isTty: false, columns: 80 }, {});
const lines = (output: object, width = 60) => factLines(output, { width, style });

test("a line for each field that says something, but for those that are drawn elsewhere", () => {
  const output = {
    status: "ok",
    operations: [{ name: "connect" }],
    checks: [{ id: "a" }],
    role: "primary",
    read_only: false,
    lag_s: null,
    replicas: 0,
    notes: [],
    tls: {},
  };
  expect(lines(output)).toEqual(["  role       primary", "  read_only  no", "  replicas   0"]);
});

test("rows and objects of more than three fields stand on lines of their own", () => {
  expect(
    lines({
      rows: [
        [1, "one"],
        [2, null, ""],
      ],
      row_count: 2,
    }),
  ).toEqual(["  rows       1, one", '             2, null, ""', "  row_count  2"]);
  const host = (name: string) => ({ host: name, preference: 10, ipv4: "found", ipv6: "no_data" });
  expect(lines({ hosts: [host("mx1.example"), host("mx2.example")] })).toEqual([
    "  hosts  host mx1.example, preference 10, ipv4 found, ipv6 …",
    "         host mx2.example, preference 10, ipv4 found, ipv6 …",
  ]);
});

test("small objects in a list are shown by their values", () => {
  expect(
    lines({
      capabilities: [
        { keyword: "SIZE", parameters: ["1000"] },
        { keyword: "HELP", parameters: [] },
      ],
    }),
  ).toEqual(["  capabilities  SIZE 1000, HELP"]);
  expect(lines({ size: { meaning: "limit", bytes: 1000 } })).toEqual(["  size  meaning limit, bytes 1000"]);
});

test("a long text is folded to three lines, and the last one is cut", () => {
  const [first, second, third, ...more] = lines({ banner: "word ".repeat(50), code: 220 });
  expect(first).toMatch(/^ {2}banner {2}word word/);
  expect(second).toMatch(/^ {10}word/);
  expect(third).toMatch(/^ {10}word.*…$/);
  expect(more).toEqual(["  code    220"]);
});

test("an output of any size and depth has at most 41 lines, none wider than the terminal", () => {
  const deep = JSON.parse(`${'{"a":'.repeat(500)}1${"}".repeat(500)}`);
  const output = { deep, text: "x".repeat(1_000_000), rows: Array.from({ length: 100_000 }, (_, at) => [at, "y".repeat(500)]) };
  const many = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`field_${at}`, at]));
  const all = lines({ ...output, ...many });
  expect(all.length).toBe(41);
  expect(all.filter((line) => cellsOf(line) > 60)).toEqual([]);
  expect(all.at(-1)).toBe("  … 71 more lines: without --pretty, everything is shown");
});

test("what a server sent moves no cursor and begins no line", () => {
  const text = lines({ banner: "a\u001b[2Jb\nc\u202e" }).join("\n");
  expect(text).not.toContain("\u001b");
  expect(text).not.toContain("\u202e");
  expect(text).not.toContain("\n");
});
