import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { isAlive } from "./is-alive.js";
import { type ProgramRun, resultOf, startProgram } from "./library-process.js";

// Each test starts several processes, one after the other, which a busy machine makes wait.
vi.setConfig({ testTimeout: 60_000 });

const folder = mkdtempSync(join(tmpdir(), "probe-run-children-"));
const obedient = join(folder, "obedient.mjs");
const dying = join(folder, "dying.mjs");

/** Does to its process what its input asks for, and leaves a file named after the process. */
const OBEDIENT = `
import { writeFileSync } from "node:fs";
writeFileSync(new URL(process.pid + ".pid", import.meta.url), "");
import { contract, defineProbe, outputOf } from "probe-run";
export default defineProbe({
  name: "acme.obedient", summary: "s", version: "1.0.0", needs: [],
  input: contract({ type: "object", properties: { act: { type: "string" } }, required: ["act"], additionalProperties: false }),
  output: contract(outputOf({ pid: { type: "integer" } })),
  async run({ act }) {
    if (act === "exit") process.exit(7);
    if (act === "kill") process.kill(process.pid, "SIGKILL");
    if (act === "stray") Promise.reject(new Error("a stray bug"));
    if (act === "bug") throw new Error("a bug of the probe");
    if (act === "print") console.log("no result");
    if (act === "hang") for (;;);
    if (act !== "quick") await new Promise((resolve) => setTimeout(resolve, act === "slow" ? 60_000 : 50));
    return { status: "ok", failure: null, pid: process.pid };
  },
});`;

beforeAll(() => {
  writeFileSync(obedient, OBEDIENT);
  writeFileSync(dying, `if (process.argv[1]?.endsWith("child.cjs")) process.exit(9);\n${OBEDIENT}`);
});
afterAll(() => rmSync(folder, { recursive: true }));

const acts = (...all: string[]) => all.map((act) => ({ act }));
const waits = (count: number) => Array.from({ length: count }, () => "wait");
const pidsOf = (runs: readonly ProgramRun[]) => [...new Set(runs.flatMap(({ output }) => output?.pid ?? []))];
/** Of all processes that have loaded the probe, this test's and those before it. */
const left = () => readdirSync(folder).filter((name) => name.endsWith(".pid") && isAlive(Number.parseInt(name, 10)));
const runProgram = (probe: string, inputs: readonly unknown[], options: object, most?: number) => resultOf(startProgram(probe, inputs, options, most));

test("two processes share the inputs, and none is left", async () => {
  const { runs } = await runProgram(obedient, acts(...waits(12)), { processes: 2, concurrency: 2 });
  expect(runs).toHaveLength(12);
  expect(pidsOf(runs)).toHaveLength(2);
  expect(left()).toEqual([]);
});

test("output of a probe on stdout is ignored, and a bug has its own error", async () => {
  const { runs, failure } = await runProgram(obedient, acts("print", "bug", "quick"), { processes: 2 });
  expect(failure).toBeNull();
  expect(runs.map(({ error }) => error?.message ?? null)).toEqual([null, "a bug of the probe", null]);
});

test.each([
  ["exit", "ended with 7"],
  ["kill", "was killed by SIGKILL"],
  ["stray", "ended with 3"],
])("%s: what a process was working on is lost, and the others are run", async (act, why) => {
  const inputs = acts("wait", "wait", act, ...waits(8));
  const { runs } = await runProgram(obedient, inputs, { processes: 2, concurrency: 1 });
  expect(runs.map(({ index }) => index)).toEqual(inputs.map((_, index) => index));
  const lost = runs.filter(({ error }) => error !== null);
  expect(lost).toEqual([{ index: 2, input: { act }, output: null, error: { name: "LostRunError", isLost: true, message: expect.stringContaining(why) } }]);
});

test("where every process ends without a result, it ends with an error", async () => {
  const { failure } = await runProgram(obedient, acts(...Array.from({ length: 100 }, () => "kill")), { processes: 2, concurrency: 1 });
  expect(failure).toMatch(/every process of the probe ends without a result: the last one was killed by SIGKILL/);
});

test("a process that ends at its start is an error", async () => {
  expect(await runProgram(dying, acts("quick"), { processes: 2 })).toEqual({ runs: [], failure: expect.stringContaining("did not start: it ended with 9") });
});

test("a reader that stops ends the processes at once", async () => {
  const { runs } = await runProgram(obedient, acts("wait", "hang", "slow", "slow"), { processes: 2, concurrency: 2 }, 1);
  expect(runs).toHaveLength(1);
  expect(left()).toEqual([]);
});

// Node's own end at these signals, and an end that no handler sees.
test.each(["SIGTERM", "SIGINT", "SIGKILL"] as const)("a program that %s ends leaves no process", async (signal) => {
  const program = startProgram(obedient, acts("quick", "quick", "quick", "quick", ...Array.from({ length: 4 }, () => "slow")), {
    processes: 2,
    concurrency: 3,
  });
  const result = resultOf(program);
  let lines = 0;
  for await (const chunk of program.stdout as AsyncIterable<string>) {
    lines += chunk.split("\n").length - 1;
    if (lines >= 4) break;
  }
  program.kill(signal);
  await once(program, "close");
  expect(pidsOf((await result).runs).length).toBeGreaterThan(0);
  await expect.poll(left, { timeout: 10_000 }).toEqual([]);
});
