import { stat } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { arrivedAt, later, startWhenIdle } from "../../../runner/run/read-scheduler.js";

test("a run begins at once when nothing else is going on", async () => {
  await turn();
  await turn();
  let began = false;
  startWhenIdle(() => {
    began = true;
  });
  expect(began).toBe(true);
});

test("what has arrived is worked on before another run begins", async () => {
  const order: string[] = [];
  const all = new Promise<void>((resolve) => {
    later({ arrive: () => void order.push("first arrival") });
    startWhenIdle(() => {
      order.push("a run");
      resolve();
    });
    later({ arrive: () => void order.push("second arrival") });
  });
  await all;
  expect(order).toEqual(["first arrival", "second arrival", "a run"]);
});

test("what is delivered together arrived together, however long the first of it took", async () => {
  const first = arrivedAt(0);
  while (performance.now() < first + 5);
  expect(arrivedAt(0)).toBe(first);
  await turn();
  await turn();
  const next = arrivedAt(0);
  expect(next).toBeGreaterThanOrEqual(first + 5);
  expect(next).toBeLessThanOrEqual(performance.now());
});

test("what arrived while the process was busy gets the middle of that time, but nothing arrives before it was asked for", async () => {
  const [beganAt, readAt, arrived, answered] = await new Promise<number[]>((resolve) => {
    later({
      arrive() {
        const began = performance.now();
        // Its end is an event of the system, which waits until the process is idle again.
        stat(".", () => {
          const read = performance.now();
          resolve([began, read, arrivedAt(0), arrivedAt(began + 40)]);
        });
        while (performance.now() < began + 50);
      },
    });
  });
  if (beganAt === undefined || readAt === undefined) throw new Error("nothing arrived");
  expect(readAt - beganAt).toBeGreaterThanOrEqual(50);
  expect(Math.abs((arrived ?? 0) - (beganAt + readAt) / 2)).toBeLessThan((readAt - beganAt) / 10);
  expect(Math.abs((answered ?? 0) - (beganAt + 40 + readAt) / 2)).toBeLessThan(1);
});

test("hundreds of arrivals may be of two polls: none is given the time of the first one for long", async () => {
  await turn();
  await turn();
  const times = Array.from({ length: 2000 }, () => arrivedAt(0));
  expect(new Set(times).size).toBe(Math.ceil(2000 / 512));
  expect(times).toEqual(times.toSorted((a, b) => a - b));
});

test("runs begin although arrivals never end", async () => {
  let isEnough = false;
  const endless = { arrive: () => void (isEnough || later(endless)) };
  later(endless);
  const began = await new Promise<number>((resolve) => {
    let count = 0;
    for (let run = 0; run < 100; run++) {
      startWhenIdle(() => {
        count++;
        if (count === 100) resolve(count);
      });
    }
  });
  isEnough = true;
  expect(began).toBe(100);
});

test("a waiting run starts even if others wait all the time", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  let began = 0;
  let isEnough = false;
  const held: WeakRef<object>[] = [];
  const another = (): void => {
    const input = { words: "x".repeat(100) };
    if (held.length < 50) held.push(new WeakRef(input));
    startWhenIdle(() => {
      began += input.words.length / 100;
      if (!isEnough) another();
    });
  };
  for (let run = 0; run < 200; run++) another();
  await expect.poll(() => began, { timeout: 5000 }).toBeGreaterThan(5000);
  await turn();
  collect();
  const still = held.filter((reference) => reference.deref() !== undefined).length;
  isEnough = true;
  expect(still).toBe(0);
});

test("an exception in one read does not stop the others", async () => {
  const errors: unknown[] = [];
  const heard = (error: unknown): void => void errors.push(error);
  const listeners = process.listeners("uncaughtException");
  const rejections = process.listeners("unhandledRejection");
  process.removeAllListeners("uncaughtException").removeAllListeners("unhandledRejection");
  process.on("uncaughtException", heard).on("unhandledRejection", heard);
  const worked: number[] = [];
  later({
    arrive() {
      throw new Error("a bug");
    },
  });
  for (const each of [1, 2, 3]) later({ arrive: () => void worked.push(each) });
  await expect.poll(() => worked).toEqual([1, 2, 3]);
  await expect.poll(() => errors).toHaveLength(1);
  process.removeAllListeners("uncaughtException").removeAllListeners("unhandledRejection");
  for (const listener of listeners) process.on("uncaughtException", listener);
  for (const listener of rejections) process.on("unhandledRejection", listener);
});
