import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { numbered, simulate, suiteOf } from "./simulated.js";

const MINUTE = 60_000;
const CHECKS = 2000;
const START = Date.parse("2026-06-01T12:00:00Z");

beforeEach(() => {
  vi.useFakeTimers({ now: START, toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Case 1 of the ten hard cases of watching.md, section 9, at its full size. */
test("1. the watch's uplink is down for five minutes with 2,000 checks: one alert, no incident of a check, a grey gap", { timeout: 300_000 }, async () => {
  const isDown = (now: number): boolean => now >= START + 3 * MINUTE && now < START + 8 * MINUTE;
  const simulated = await simulate(suiteOf("fire_after: 1, canaries: [c0, c1]", numbered(CHECKS)), (_, now) => isDown(now));
  await simulated.pass(12 * MINUTE);
  expect(simulated.notifications()).toEqual(["error the watch itself", "recovered the watch itself"]);
  expect(simulated.rows("SELECT name FROM incidents JOIN checks ON checks.id = check_id")).toEqual([{ name: "the watch itself" }]);
  // Each check has five unknown minutes, and no failure. The canaries are run again and again meanwhile, but not for each failure.
  const each = simulated.rows<{ name: string; unknown: number; error: number }>(
    "SELECT name, sum(outcome = 3) AS unknown, sum(outcome = 2) AS error FROM results JOIN checks ON checks.id = check_id WHERE name LIKE '%c%' AND name NOT LIKE 'the %' GROUP BY name",
  );
  expect(each).toHaveLength(CHECKS);
  const isCanary = (name: string): boolean => ["network.tcp c0", "network.tcp c1"].includes(name);
  expect(each.filter(({ name, unknown, error }) => error !== 0 || unknown < 4 || unknown > (isCanary(name) ? 40 : 6))).toEqual([]);
  const [hours] = simulated.rows<{ good: number; bad: number }>(
    "SELECT sum(good_ms) AS good, sum(bad_ms) AS bad FROM hours JOIN checks ON checks.id = check_id WHERE name NOT LIKE 'the %'",
  );
  // Neither good nor bad: the objective does not see it.
  expect(hours?.bad).toBe(0);
  expect(hours?.good).toBeLessThan(CHECKS * 8 * MINUTE);
  await simulated.close();
  simulated.history.close();
});
