import { expect, test } from "vitest";
import { runProgram } from "../../../runner/program/run-program.js";
import { Deadline } from "../../../runner/run/deadline.js";

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test.each([
  ["with an output of its own", "sleep 300 >/dev/null 2>&1 </dev/null & echo $!"],
  ["with the program's output", "sleep 300 & echo $!"],
])("a process that a program left behind %s ends with the program", async (_what, script) => {
  const lines: string[] = [];
  const request = { program: "sh", arguments: ["-c", script], packages: null, onLine: (line: string) => void lines.push(line) };
  const deadline = new Deadline(30_000, undefined);
  expect(await runProgram(deadline, request)).toMatchObject({ code: 0 });
  const left = Number(lines[0]);
  expect(left).toBeGreaterThan(1);
  await expect.poll(() => isAlive(left), { timeout: 20_000 }).toBe(false);
});

test("the output of a program that has ended is read to its end", async () => {
  const lines: string[] = [];
  const request = { program: "sh", arguments: ["-c", "seq 1 5000; exit 3"], packages: null, onLine: (line: string) => void lines.push(line) };
  expect(await runProgram(new Deadline(30_000, undefined), request)).toMatchObject({ code: 3 });
  expect(lines).toHaveLength(5000);
});
