import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Limits } from "../../../runner/limits/limits.js";
import { Throttle } from "../../../runner/limits/throttle.js";
import { namesLimits, siteLimits } from "../../../runner/mail-sites/limits.js";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

const NONE: Limits = { all: null, eachKey: null, keys: {} };
const rate = (perSecond: number, burst = 1) => ({ atOnce: null, rate: { perSecond, burst } });
const atOnce = (most: number) => ({ atOnce: most, rate: null });

/** Lets `count` in, one after the other as they may, each leaving at once; gives when each came in. */
async function entries(throttle: Throttle, sites: readonly string[], stayMs = 0): Promise<[site: string, at: number][]> {
  const came: [string, number][] = [];
  const all = sites.map(async (site) => {
    await throttle.enter(site, 1);
    came.push([site, Math.round(performance.now())]);
    if (stayMs > 0) await new Promise((resolve) => setTimeout(resolve, stayMs));
    throttle.leave(site);
  });
  const began = performance.now();
  await vi.runAllTimersAsync();
  await Promise.all(all);
  return came.map(([site, at]) => [site, at - Math.round(began)]);
}

test("without limits all come in at once", async () => {
  expect(await entries(new Throttle(NONE), ["a", "b", "a"], 10)).toEqual([
    ["a", 0],
    ["b", 0],
    ["a", 0],
  ]);
});

test("a rate holds without windows: one after the other, at an even pace", async () => {
  const came = await entries(new Throttle({ ...NONE, eachKey: rate(2) }), ["a", "a", "a", "a"]);
  expect(came.map(([, at]) => at)).toEqual([0, 500, 1000, 1500]);
});

test("a job that waits for its site does not block jobs of other sites", async () => {
  expect(await entries(new Throttle({ ...NONE, eachKey: rate(1) }), ["a", "a", "b"])).toEqual([
    ["a", 0],
    ["b", 0],
    ["a", 1000],
  ]);
});

test("no more at once than allowed, of a site and together", async () => {
  const came = await entries(new Throttle({ all: atOnce(3), eachKey: atOnce(2), keys: {} }), ["a", "a", "a", "b", "c"], 100);
  expect(came).toEqual([
    ["a", 0],
    ["a", 0],
    ["b", 0],
    ["a", 100],
    ["c", 100],
  ]);
});

test("no token is spent on a job without a slot", async () => {
  const throttle = new Throttle({ ...NONE, eachKey: { atOnce: 1, rate: { perSecond: 1, burst: 2 } } });
  const came = await entries(throttle, ["a", "a"], 300);
  expect(came.map(([, at]) => at)).toEqual([0, 300]);
});

test("a job that takes many tokens leaves a debt", async () => {
  const throttle = new Throttle({ ...NONE, eachKey: rate(10, 10) });
  await throttle.enter("a", 15);
  throttle.leave("a");
  const came = await entries(throttle, ["a"]);
  expect(came).toEqual([["a", 600]]);
});

test("once open, all waiting jobs start", async () => {
  const throttle = new Throttle({ ...NONE, eachKey: rate(0.001) });
  await throttle.enter("a", 1);
  const waiting = [throttle.enter("a", 1), throttle.enter("a", 1)];
  throttle.open();
  await Promise.all([...waiting, throttle.enter("a", 1)]);
  throttle.leave("a");
});

describe("the limits of the environment", () => {
  test("are slow by default", () => {
    expect(siteLimits({})).toEqual({
      all: { atOnce: 12, rate: { perSecond: 6, burst: 6 } },
      eachKey: { atOnce: 2, rate: { perSecond: 1, burst: 1 } },
      keys: {},
    });
    expect(namesLimits({})).toBe(false);
  });

  test("are what it says", () => {
    const env = { GLOBAL_MAX_CONCURRENCY: "4", PER_MX_MAX_CONCURRENCY_DEFAULT: "1", GLOBAL_RPS: "0.5", PER_MX_RPS_DEFAULT: "2.5" };
    expect(siteLimits(env)).toMatchObject({
      all: { atOnce: 4, rate: { perSecond: 0.5, burst: 1 } },
      // Two addresses of one site are never closer together than its rate says.
      eachKey: { atOnce: 1, rate: { perSecond: 2.5, burst: 1 } },
    });
    expect(namesLimits({ GLOBAL_RPS: "1" })).toBe(true);
  });

  test.each([{ GLOBAL_RPS: "fast" }, { GLOBAL_RPS: "0" }, { GLOBAL_MAX_CONCURRENCY: "1.5" }, { PER_MX_MAX_CONCURRENCY_DEFAULT: "-1" }])(
    "%o is refused",
    (env) => {
      expect(() => siteLimits(env)).toThrow(Object.keys(env)[0] as string);
    },
  );
});
