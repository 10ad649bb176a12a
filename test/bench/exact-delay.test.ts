import { expect, test } from "vitest";
import { ExactDelay } from "../../bench/peers/exact-delay.js";

test.each([undefined, 0])("no callback runs before its time, and all run in order, when the clock is watched for the last %s ms", async (watchFromMs) => {
  const delay = new ExactDelay(5, watchFromMs);
  const called: { index: number; after: number }[] = [];
  await new Promise<void>((resolve) => {
    for (let index = 0; index < 50; index += 1) {
      const since = performance.now();
      delay.after(since, (now) => {
        called.push({ index, after: now - since });
        if (called.length === 50) resolve();
      });
    }
  });
  expect(called.map(({ index }) => index)).toEqual(Array.from({ length: 50 }, (_, index) => index));
  expect(Math.min(...called.map(({ after }) => after))).toBeGreaterThanOrEqual(5);
});

test("it starts again after it has had nothing to do", async () => {
  const delay = new ExactDelay(3);
  for (let round = 0; round < 3; round += 1) {
    const since = performance.now();
    const now = await new Promise<number>((resolve) => delay.after(since, resolve));
    expect(now - since).toBeGreaterThanOrEqual(3);
  }
});
