import { expect, test } from "vitest";
import { SuiteError } from "../../../runner/suite/problem.js";
import { readSuite } from "../../../runner/suite/read.js";

async function problemOf(text: string): Promise<{ line: number; message: string }> {
  const began = performance.now();
  const error = await readSuite("/suite.yaml", text, {}).then(
    () => expect.unreachable("the suite was taken"),
    (refusal: unknown) => refusal,
  );
  expect(performance.now() - began).toBeLessThan(10_000);
  expect(error).toBeInstanceOf(SuiteError);
  return (error as SuiteError).problems[0] as { line: number; message: string };
}

test("twenty thousand aliases are refused at the first one too many", async () => {
  const text = `name: s\nx: &x 1\nlist:\n${"  - *x\n".repeat(20_000)}`;
  expect(await problemOf(text)).toMatchObject({ line: 1004, message: "this is alias 1001, and a suite may have 1000" });
});

test("merges that multiply are refused before they are resolved", async () => {
  const levels = Array.from({ length: 12 }, (_, level) => `l${level + 1}: &l${level + 1} [${new Array(9).fill(`*l${level}`).join(", ")}]`);
  expect((await problemOf(`name: s\nl0: &l0 [a, b]\n${levels.join("\n")}\n`)).message).toMatch(/more than 100000 values/);
});

test.each([
  ["an alias of what it stands in", "name: s\ntargets: &t\n  a:\n    b: *t\n", 4],
  ["a merge of what it stands in", "name: s\ndefaults: &d\n  input:\n    <<: *d\n", 4],
  ["a list that holds itself", "name: s\nchecks: &c\n  - *c\n", 3],
])("%s is refused with its line", async (_what, text, line) => {
  const problem = await problemOf(text);
  expect(problem.line).toBe(line);
  expect(problem.message).toMatch(/that has no end/);
});

test("a suite that is too large or too deep is refused", async () => {
  expect((await problemOf(`name: s\n# ${"x".repeat(1024 * 1024)}`)).message).toMatch(/characters, and may have 1048576/);
  expect((await problemOf(`name: s\nchecks: ${"[".repeat(50_000)}${"]".repeat(50_000)}`)).message).toBeTruthy();
});
