import { expect, test } from "vitest";
import { keepInFlight } from "../../bench/support/in-flight.js";

test.each([
  { total: 20, concurrency: 4, most: 4 },
  { total: 3, concurrency: 10, most: 3 },
])("does $total with $concurrency under way", async ({ total, concurrency, most }) => {
  let done = 0;
  let running = 0;
  let seen = 0;
  await keepInFlight(total, concurrency, async () => {
    running += 1;
    seen = Math.max(seen, running);
    await new Promise(setImmediate);
    running -= 1;
    done += 1;
  });
  expect({ done, seen }).toEqual({ done: total, seen: most });
});

test("fails when one of them fails", async () => {
  const failing = keepInFlight(3, 1, () => Promise.reject(new Error("broken")));
  await expect(failing).rejects.toThrow("broken");
});
