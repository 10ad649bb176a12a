import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { NO_LIMITS } from "../../../runner/limits/limits.js";
import { SharedRate } from "../../../runner/mail-sites/shared-rate.js";
import { BehaviourStore } from "../../../runner/mail-sites/store.js";

const SITE = { perSecond: 1, burst: 1 };
const ALL = { perSecond: 6, burst: 6 };

let folder: string;
let now: number;
const stores: BehaviourStore[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "probe-run-rate-"));
  now = 1_000_000;
});
afterEach(() => {
  for (const store of stores.splice(0)) store.close();
  rmSync(folder, { recursive: true });
});

/** As another process would open it. */
function store(clock = (): number => now): BehaviourStore {
  const opened = new BehaviourStore(join(folder, "behaviour.db"), clock);
  stores.push(opened);
  return opened;
}

test("a batch of ten takes ten tokens, and another process waits until they are paid back", () => {
  const [one, two] = [store(), store()];
  expect(one.takeTokens([["site a", SITE]], 10)).toBe(0);
  expect(two.takeTokens([["site a", SITE]], 1)).toBe(10_000);
  now += 9_999;
  expect(two.takeTokens([["site a", SITE]], 1)).toBeGreaterThan(0);
  now += 1;
  expect(two.takeTokens([["site a", SITE]], 1)).toBe(0);
  expect(one.takeTokens([["site a", SITE]], 1)).toBe(1000);
});

test("no token of one bucket is taken while another is empty", () => {
  const shared = store();
  const of = (site: string) =>
    [
      ["all", ALL],
      [`site ${site}`, SITE],
    ] as const;
  expect(shared.takeTokens(of("a"), 1)).toBe(0);
  for (let index = 0; index < 20; index++) expect(shared.takeTokens(of("a"), 1)).toBe(1000);
  expect(["b", "c", "d", "e", "f"].map((site) => shared.takeTokens(of(site), 1))).toEqual([0, 0, 0, 0, 0]);
  expect(shared.takeTokens(of("g"), 1)).toBe(167);
});

test("a clock that was set back gives no tokens and takes none", () => {
  const shared = store();
  shared.takeTokens([["site a", SITE]], 1);
  now -= 3_600_000;
  expect(shared.takeTokens([["site a", SITE]], 1)).toBe(1000);
});

test("two processes together ask at the rate of one", async () => {
  const limits = { ...NO_LIMITS, eachKey: { atOnce: null, rate: { perSecond: 20, burst: 1 } } };
  const rates = [store(Date.now), store(Date.now)].map((each) => new SharedRate(each, limits));
  const { signal } = new AbortController();
  const began = performance.now();
  // 16 addresses at 20 a second: the last batch waits for the 12 before it.
  for (let batch = 0; batch < 2; batch++) for (const rate of rates) await rate.take("a", 4, signal);
  expect(performance.now() - began).toBeGreaterThan(580);
});

test("a run that is stopped waits no longer", async () => {
  const shared = store(Date.now);
  const rate = new SharedRate(shared, { ...NO_LIMITS, eachKey: { atOnce: null, rate: SITE } });
  await rate.take("a", 100, new AbortController().signal);
  const began = performance.now();
  await rate.take("a", 1, AbortSignal.timeout(50));
  expect(performance.now() - began).toBeLessThan(5000);
});
