import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { numbered, simulate, suiteOf } from "./simulated.js";

const SECOND = 1000;
const MINUTE = 60_000;
const CHECKS = 10_000;

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse("2026-06-01T12:00:00Z"), toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Case 10 of the ten hard cases of watching.md, section 9, at its full size. */
test("10. 10,000 checks due in the same second after a suspend: no burst, gaps are recorded, times are still right", { timeout: 300_000 }, async () => {
  const simulated = await simulate(suiteOf("", numbered(CHECKS)), () => false);
  await simulated.pass(MINUTE);
  const { begun } = simulated;
  expect(begun).toHaveLength(CHECKS);
  const phases = new Map(begun.map(({ name, at }) => [name, at % MINUTE]));
  // The machine sleeps: its clock goes on, its timers do not. All checks are due when it wakes.
  vi.setSystemTime(Date.now() + 10 * MINUTE);
  const wokenAt = Date.now();
  await simulated.pass(MINUTE + 6 * SECOND);
  const after = begun.slice(CHECKS).filter(({ at }) => at >= wokenAt);
  expect(new Set(after.map(({ name }) => name)).size).toBe(CHECKS);
  const bySecond = new Map<number, number>();
  for (const { at } of after) bySecond.set(Math.floor(at / SECOND), (bySecond.get(Math.floor(at / SECOND)) ?? 0) + 1);
  // Spread over a minute they are 167 a second; those that are five seconds late at most run at once.
  const [first = 0, ...others] = [...bySecond].sort(([a], [b]) => a - b).map(([, count]) => count);
  expect(first).toBeLessThan(CHECKS / 6);
  expect(Math.max(...others)).toBeLessThan(300);
  // After that, each at its own moment of the minute.
  const late = after.filter(({ name, at }) => at >= wokenAt + SECOND && Math.abs((at % MINUTE) - (phases.get(name) as number)) > 2);
  expect(late).toEqual([]);
  expect(simulated.watcher.counts.missed).toBeGreaterThan(CHECKS * 0.8);
  const [stored] = simulated.rows<{ count: number }>("SELECT count(*) AS count FROM results");
  expect(stored?.count).toBeGreaterThanOrEqual(begun.length - 300);
  await simulated.close();
  simulated.history.close();
});
