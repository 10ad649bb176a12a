import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { asTheyCome, type Inputs } from "../../../runner/processes/as-they-come.js";

const bounds = (concurrency: number, signal?: AbortSignal) => ({ concurrency, signal });

async function collected<Result>(results: AsyncIterable<Result>): Promise<Result[]> {
  const all: Result[] = [];
  for await (const result of results) all.push(result);
  return all;
}

/** Counts what is read of it, and notes its end. */
function counting(total: number) {
  const seen = { read: 0, isClosed: false };
  function* inputs(): Generator<number> {
    try {
      for (let input = 0; input < total; input++) {
        seen.read += 1;
        yield input;
      }
    } finally {
      seen.isClosed = true;
    }
  }
  return { seen, inputs: inputs() };
}

test.each<[string, Inputs<number>]>([
  ["an array", [30, 20, 10, 0]],
  [
    "a generator",
    (function* () {
      yield* [30, 20, 10, 0];
    })(),
  ],
  [
    "an asynchronous generator",
    (async function* () {
      yield* [30, 20, 10, 0];
    })(),
  ],
])("%s: results come as they are ready, each once", async (_, inputs) => {
  const release: (() => void)[] = [];
  const work = (input: number, index: number) =>
    new Promise<string>((resolve) => {
      release[index] = () => resolve(`${index}:${input}`);
      if (index === 3)
        setImmediate(() => {
          for (const each of [...release].reverse()) each();
        });
    });
  expect(await collected(asTheyCome(inputs, work, bounds(4)))).toEqual(["3:0", "2:10", "1:20", "0:30"]);
});

test("no more run at a time than requested", async () => {
  let inWork = 0;
  let most = 0;
  const work = async () => {
    most = Math.max(most, ++inWork);
    await sleep(1);
    inWork -= 1;
  };
  expect(await collected(asTheyCome(counting(100).inputs, work, bounds(7)))).toHaveLength(100);
  expect(most).toBe(7);
});

test("a reader that is slow slows the reading of inputs: at most twice the concurrency is ahead of it", async () => {
  const { seen, inputs } = counting(1_000_000);
  let taken = 0;
  for await (const _ of asTheyCome(inputs, async (input) => input, bounds(10))) {
    taken += 1;
    await sleep(1);
    expect(seen.read - taken).toBeLessThanOrEqual(20);
    if (taken === 50) break;
  }
  expect(seen).toEqual({ read: expect.any(Number), isClosed: true });
});

test("a reader that leaves closes the inputs, also those that wait for the next one", async () => {
  let isClosed = false;
  async function* endless(): AsyncGenerator<number> {
    try {
      yield 1;
      await sleep(20);
      yield 2;
    } finally {
      isClosed = true;
    }
  }
  for await (const _ of asTheyCome(endless(), async (input) => input, bounds(3))) break;
  await expect.poll(() => isClosed).toBe(true);
});

test("inputs that cannot be read any further end it, after what is in work", async () => {
  function* broken(): Generator<number> {
    yield 1;
    yield 2;
    throw new Error("the disk is gone");
  }
  const seen: number[] = [];
  const reading = (async () => {
    for await (const result of asTheyCome(
      broken(),
      async (input) => {
        await sleep(5);
        return input;
      },
      bounds(5),
    ))
      seen.push(result);
  })();
  await expect(reading).rejects.toThrow("the disk is gone");
  expect(seen).toEqual([1, 2]);
});

test("work that fails ends it at once", async () => {
  const work = (input: number) => (input === 3 ? Promise.reject(new Error("no process is left")) : new Promise<number>(() => undefined));
  await expect(collected(asTheyCome(counting(10).inputs, work, bounds(5)))).rejects.toThrow("no process is left");
});

test("after an abort no input is read, and what is in work still comes", async () => {
  const interruption = new AbortController();
  const { seen, inputs } = counting(1000);
  const work = async (input: number) => {
    if (input === 5) interruption.abort();
    await sleep(1);
    return input;
  };
  const results = await collected(asTheyCome(inputs, work, bounds(6, interruption.signal)));
  expect(results).toEqual([0, 1, 2, 3, 4, 5]);
  expect(seen).toEqual({ read: 6, isClosed: true });
});

test("an abort ends it while the next input is awaited, and before the first is read", async () => {
  const interruption = new AbortController();
  async function* silent(): AsyncGenerator<number> {
    yield 1;
    setImmediate(() => interruption.abort());
    await new Promise(() => undefined);
  }
  expect(await collected(asTheyCome(silent(), async (input) => input, bounds(2, interruption.signal)))).toEqual([1]);
  expect(await collected(asTheyCome([1, 2], async (input) => input, bounds(2, interruption.signal)))).toEqual([]);
});
