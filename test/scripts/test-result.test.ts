import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "probe-run-result-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function report(name: string, numPassedTests: number, testResults: object[] = []): string {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify({ numPassedTests, testResults }));
  return path;
}

function result(...reports: string[]): { status: number | null; lines: string[] } {
  const { status, stdout } = spawnSync(process.execPath, ["scripts/test-result.mjs", ...reports], { encoding: "utf8" });
  return { status, lines: stdout.trimEnd().split("\n") };
}

const inHere = (file: string): string => join(process.cwd(), file);

test("reports without a failure are added up", () => {
  expect(result(report("fast.json", 7), report("slow.json", 5))).toEqual({ status: 0, lines: ["12 passed, 0 failed"] });
});

test("each failed test is named with the first line of its message", () => {
  const assertionResults = [
    { status: "passed", fullName: "a suite works", failureMessages: [] },
    { status: "failed", fullName: "a suite fails", failureMessages: ["Error: expected 1\n    at somewhere"] },
  ];
  const { status, lines } = result(report("fast.json", 1, [{ name: inHere("test/a.test.ts"), status: "failed", assertionResults }]));
  expect(status).toBe(1);
  expect(lines).toEqual(["failed: test/a.test.ts > a suite fails: Error: expected 1", "1 passed, 1 failed"]);
});

test("a file that could not be loaded is one failure", () => {
  const file = { name: inHere("test/a.test.ts"), status: "failed", message: "Cannot find module 'x'\nstack", assertionResults: [] };
  expect(result(report("fast.json", 3, [file]))).toEqual({ status: 1, lines: ["failed: test/a.test.ts: Cannot find module 'x'", "3 passed, 1 failed"] });
});

test("a missing report is a failure, and so is a run without any test", () => {
  const { status, lines } = result(join(folder, "none.json"), report("slow.json", 3));
  expect(status).toBe(1);
  expect(lines[0]).toContain("there is no report of this test run");
  expect(lines.at(-1)).toBe("3 passed, 1 failed");
  expect(result(report("empty.json", 0))).toMatchObject({ status: 1, lines: ["0 passed, 0 failed"] });
});
