import { setTimeout as pause } from "node:timers/promises";
import { afterEach, expect, test, vi } from "vitest";
import { limited } from "../../../runner/vitest/limited.js";
import { testTimeoutMs, withTestTimeout } from "../../../runner/vitest/test-timeout.js";

afterEach(() => {
  vi.useRealTimers();
});

test("N tasks run at a time, the others in the order of arrival", async () => {
  const limit = limited(2);
  const began: number[] = [];
  let running = 0;
  let most = 0;
  const work = (index: number) => async () => {
    began.push(index);
    running += 1;
    most = Math.max(most, running);
    await pause(5);
    running -= 1;
    if (index === 1) throw new Error("one that fails gives its place up, too");
    return index;
  };
  const results = await Promise.allSettled([0, 1, 2, 3, 4, 5].map((index) => limit(work(index))));
  expect(began).toEqual([0, 1, 2, 3, 4, 5]);
  expect(most).toBe(2);
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled", "fulfilled", "fulfilled"]);
});

test("a test waits longer than the run's own deadline, and no longer than a little", async () => {
  vi.useFakeTimers();
  const stuck = withTestTimeout(300, () => new Promise<never>(() => {}));
  const rejected = expect(stuck).rejects.toThrow("the probe still runs although its deadline has expired");
  await vi.advanceTimersByTimeAsync(testTimeoutMs(300));
  await rejected;
  expect(testTimeoutMs(300)).toBeGreaterThan(300);
  expect(testTimeoutMs(undefined)).toBeGreaterThan(30_000);
  expect(await withTestTimeout(null, async () => "done")).toBe("done");
  expect(vi.getTimerCount()).toBe(0);
});
