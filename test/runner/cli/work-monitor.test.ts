import { expect, test } from "vitest";
import { Monitor } from "../../../runner/cli/worker/monitor.js";
import type { Channel, Counts } from "../../../runner/queue/backend.js";
import { emptyStats } from "../../../runner/queue/worker-stats.js";

const COUNTS: Counts = { waiting: 1, delayed: 0, leased: 0, dead: 0, done: 0, isPaused: false };
const screen = { isTty: false, columns: 80 };

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
