import { expect, test } from "vitest";
import { liveLine } from "../../../runner/cli/worker/live-line.js";
import { Monitor } from "../../../runner/cli/worker/monitor.js";
import type { Channel, Counts } from "../../../runner/queue/backend.js";
import { emptyStats } from "../../../runner/queue/worker-stats.js";

const COUNTS: Counts = { waiting: 1, delayed: 0, leased: 0, dead: 0, done: 0, isPaused: false };
const screen = { isTty: false, columns: 80 };

test("the live line: what is not known yet is left out, and what does not fit", () => {
  const snapshot = { stats: emptyStats(), processes: 1, restarts: 0, jobs: null };
  expect(liveLine(snapshot, 0, { width: 100, isAsking: true })).toBe("0 done  0.0/s  0 in flight  0 failed");
  expect(liveLine(snapshot, 0, { width: 100, isAsking: false })).toBe("0 done  0.0/s  0 in flight  the queue does not answer  0 failed");
  const paused = { ...snapshot, jobs: { ...COUNTS, isPaused: true } };
  expect(liveLine(paused, 0, { width: 45, isAsking: false })).toBe("0 done  0.0/s  paused  0 in flight  1 waiting");
});

test("in a pipe, a worker that waits for a paused queue says so", async () => {
  const said: string[] = [];
  const io = { stderr: screen, stdout: screen, err: (text: string) => said.push(text) } as never;
  const counts = async (): Promise<Counts> => ({ ...COUNTS, isPaused: true });
  const monitor = new Monitor(io, { counts } as unknown as Channel, () => ({ stats: emptyStats(), processes: 1, restarts: 0 }), false);
  // Its timer does not keep a process alive.
  const alive = setInterval(() => undefined, 100);
  await expect.poll(() => said.join("")).toContain("the queue is paused: no job begins before `probe-run queue resume`");
  clearInterval(alive);
  monitor.end();
});

test("a hanging store is asked once for any number of clients, and counts as unavailable", async () => {
  let asked = 0;
  let isHanging = false;
  const counts = (): Promise<Counts> => {
    asked += 1;
    return isHanging ? new Promise(() => undefined) : Promise.resolve(COUNTS);
  };
  const io = { stderr: screen, stdout: screen, err: () => undefined } as never;
  const monitor = new Monitor(io, { counts } as unknown as Channel, () => ({ stats: emptyStats(), processes: 1, restarts: 0 }), false);
  expect(await monitor.ask()).toEqual(COUNTS);
  isHanging = true;
  const began = performance.now();
  expect(await Promise.all(Array.from({ length: 500 }, () => monitor.ask()))).toEqual(Array.from({ length: 500 }, () => null));
  expect(asked).toBe(2);
  expect(performance.now() - began).toBeLessThan(10_000);
  expect(monitor.snapshot.jobs).toBeNull();
  monitor.end();
});
