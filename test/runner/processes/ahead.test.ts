import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { isAlive } from "./is-alive.js";
import { type ProgramRun, resultOf, startProgram } from "./library-process.js";
import { type RecordingProbe, writeRecordingProbe } from "./recording-probe.js";

// A process gets inputs ahead of the places that are free. Only what had begun when it dies is lost.

// Each test starts several processes, one after the other, which a busy machine makes wait.
vi.setConfig({ testTimeout: 60_000 });

let folder: string;
let probe: RecordingProbe;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "probe-run-ahead-"));
  probe = writeRecordingProbe(folder);
});
afterEach(() => rmSync(folder, { recursive: true }));

const idsOf = (entries: readonly { readonly id: number }[]) => entries.map(({ id }) => id).sort((a, b) => a - b);
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);
const lostOf = (runs: readonly ProgramRun[]) => runs.filter(({ error }) => error?.isLost === true).map(({ index }) => index);

/** Nothing has run twice; what was not lost has run, and what was lost may have. */
function expectAllRun(count: number, lost: readonly number[]): void {
  const begun = idsOf(probe.begun());
  expect(new Set(begun).size).toBe(begun.length);
  expect(begun.filter((id) => !lost.includes(id))).toEqual(numbers(count).filter((id) => !lost.includes(id)));
}

test("a process dies with inputs ahead: each has one result, those that had not begun are run, and nothing is run twice", async () => {
  const inputs = numbers(40).map((id) => ({ id, act: id === 5 || id === 20 ? "kill" : "pause" }));
  const { runs, failure } = await resultOf(startProgram(probe.path, inputs, { processes: 2, concurrency: 4 }));
  expect(failure).toBeNull();
  expect(runs.map(({ index }) => index)).toEqual(numbers(40));
  const lost = lostOf(runs);
  expect(lost).toEqual(expect.arrayContaining([5, 20]));
  // Those that were in progress in the two processes that died, and no others.
  expect(lost.length).toBeLessThanOrEqual(2 * 4);
  expect(runs.filter(({ output }) => output === null).map(({ index }) => index)).toEqual(lost);
  expectAllRun(40, lost);
});

test("what had not begun in a process that dies is run by the one in its place", async () => {
  const go = join(folder, "go");
  // One place each: the second process is busy until all of them have begun.
  const inputs = [{ id: 0, act: "kill" }, { id: 1, act: "until", file: go }, ...[2, 3].map((id) => ({ id }))];
  const program = startProgram(probe.path, inputs, { processes: 2, concurrency: 1 });
  const result = resultOf(program);
  await expect.poll(() => idsOf(probe.begun()), { timeout: 30_000 }).toEqual([0, 1, 2, 3]);
  writeFileSync(go, "");
  const { runs } = await result;
  expect(lostOf(runs)).toEqual([0]);
  const [died, busy, ...others] = probe.begun().sort((a, b) => a.id - b.id);
  expect(new Set(others.map(({ pid }) => pid)).size).toBe(1);
  expect([died?.pid, busy?.pid]).not.toContain(others[0]?.pid);
});

test("processes killed at any moment: each input has one result, and began once unless it was lost", async () => {
  const count = 3000;
  const program = startProgram(
    probe.path,
    numbers(count).map((id) => ({ id, act: "pause" })),
    { processes: 2, concurrency: 8 },
  );
  const result = resultOf(program);
  const killed = new Set<number>();
  for (const moment of [200, 700, 1300, 1900, 2400]) {
    await expect.poll(() => probe.begun().length, { timeout: 30_000, interval: 3 }).toBeGreaterThan(moment);
    const pid = probe.begun().findLast((each) => !killed.has(each.pid) && isAlive(each.pid))?.pid as number;
    process.kill(pid, "SIGKILL");
    killed.add(pid);
  }
  const { runs, failure } = await result;
  expect(failure).toBeNull();
  expect(runs.map(({ index }) => index)).toEqual(numbers(count));
  const lost = lostOf(runs);
  expect(lost.length).toBeLessThanOrEqual(killed.size * 8);
  expectAllRun(count, lost);
});

test("an input does not wait behind a slow run while another process has a free place", async () => {
  const go = join(folder, "go");
  // The first process is busy with 0, and has an input ahead; the second ends its own and gets that input.
  const inputs = [{ id: 0, act: "until", file: go }, ...[1, 2, 3].map((id) => ({ id }))];
  const program = startProgram(probe.path, inputs, { processes: 2, concurrency: 1 });
  const result = resultOf(program);
  await expect.poll(() => idsOf(probe.begun()), { timeout: 30_000 }).toEqual([0, 1, 2, 3]);
  writeFileSync(go, "");
  const { runs } = await result;
  expect(runs.map(({ error }) => error)).toEqual([null, null, null, null]);
});

test("a process that is ended by TERM returns what it has not begun", async () => {
  const go = join(folder, "go");
  const inputs = numbers(4).map((id) => ({ id, act: "until", file: go }));
  const program = startProgram(probe.path, inputs, { processes: 2, concurrency: 1 });
  const result = resultOf(program);
  await expect.poll(() => idsOf(probe.begun()), { timeout: 30_000 }).toHaveLength(2);
  const ended = probe.begun()[0] as { id: number; pid: number };
  process.kill(ended.pid, "SIGTERM");
  await expect.poll(() => isAlive(ended.pid), { timeout: 30_000 }).toBe(false);
  writeFileSync(go, "");
  const { runs } = await result;
  expect(runs.map(({ error }) => error)).toEqual([null, null, null, null]);
  expect(idsOf(probe.begun())).toEqual([0, 1, 2, 3]);
});

test("after an abort nothing that was ahead begins, and only what had begun has a result", async () => {
  const inputs = numbers(40).map((id) => ({ id, act: "until", file: join(folder, "never") }));
  const program = startProgram(probe.path, inputs, { processes: 2, concurrency: 3 });
  const result = resultOf(program);
  await expect.poll(() => probe.begun(), { timeout: 30_000 }).toHaveLength(6);
  program.kill("SIGUSR2");
  const { runs, failure } = await result;
  expect(failure).toBeNull();
  expect(runs.map(({ index }) => index)).toEqual(idsOf(probe.begun()));
  expect(runs).toHaveLength(6);
});
