import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { brokenRule } from "../../../../runner/watch/objectives/burn.js";
import { Objectives } from "../../../../runner/watch/objectives/objective.js";
import { numbered, type Simulated, simulate, suiteOf } from "../simulated.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const START = Date.parse("2026-06-01T12:00:00Z");
const minutes = (now: number): number => (now - START) / MINUTE;

describe("the rules, by hand", () => {
  const measured =
    (shares: Readonly<Record<number, number>>, results = 100) =>
    async (windowMs: number) => {
      const share = shares[windowMs / MINUTE] ?? 0;
      return { goodMs: (1 - share) * windowMs, badMs: share * windowMs, results };
    };

  // With 99.9 %, the budget is 0.001: 14.4 times too fast is a share of 1.44 %, six times 0.6 %, and once 0.1 %.
  test.each([
    [{ 60: 0.0145, 5: 0.0145 }, 14.4],
    [{ 60: 0.0145, 5: 0.01 }, null],
    [{ 60: 0.014, 5: 0.5 }, null],
    [{ 360: 0.0061, 30: 0.0061 }, 6],
    [{ 360: 0.0061, 30: 0.005 }, null],
    [{ 4320: 0.0011, 360: 0.0011 }, 1],
    [{ 4320: 0.0009, 360: 0.0011 }, null],
  ])("%j", async (shares, rate) => {
    expect((await brokenRule(99.9, measured(shares)))?.rule.rate ?? null).toBe(rate);
  });

  test("fewer than ten results prove nothing", async () => {
    expect(await brokenRule(99.9, measured({ 60: 1, 5: 1 }, 9))).toBeNull();
    expect(await brokenRule(99.9, measured({ 60: 1, 5: 1 }, 10))).not.toBeNull();
  });
});

describe("over time", () => {
  let simulated: Simulated;
  beforeEach(() => {
    vi.useFakeTimers({ now: START, toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date"] });
  });
  afterEach(async () => {
    await simulated.close();
    simulated.history.close();
    vi.useRealTimers();
  });

  const objective = "objective: { good: 99, days: 30 }, every: 20s, fire_after: 100, clear_after: 1";

  test("opens once while it is spent too fast, and closes when it is not", { timeout: 60_000 }, async () => {
    // A quarter of the hour is 25 %: 25 times too fast.
    simulated = await simulate(suiteOf(objective, { c: "" }), (_, now) => minutes(now) >= 60 && minutes(now) < 75);
    await simulated.pass(59.9 * MINUTE);
    expect(simulated.notifications()).toEqual([]);
    await simulated.pass(16 * MINUTE);
    expect(simulated.notifications().filter((line) => line.includes("objective"))).toEqual(["error c objective"]);
    const [alert] = simulated.events().filter(({ subject }) => subject?.includes("objective"));
    expect(alert?.data.reason).toMatch(
      /^the error budget \(99 % of 30 days\) is spent \d+\.\d times too fast over \d+ h and \d+\.\d times over \d+ min; \d+ % of it is spent$/,
    );
    await simulated.pass(7 * HOUR);
    expect(simulated.notifications().filter((line) => line.includes("objective"))).toEqual(["error c objective", "recovered c objective"]);
  });

  test("weighs time and not results: what confirm_after runs sooner counts for the seconds since the failure", async () => {
    simulated = await simulate(suiteOf("every: 60s, confirm_after: 6s, fire_after: 50", numbered(1)), (_, now) => minutes(now) >= 10 && minutes(now) < 20);
    await simulated.pass(30 * MINUTE);
    const [row] = simulated.rows<{ good: number; bad: number; error: number }>(
      "SELECT sum(good_ms) AS good, sum(bad_ms) AS bad, sum(error) AS error FROM hours",
    );
    expect(row?.error).toBeGreaterThanOrEqual(18);
    expect((row?.bad as number) / MINUTE).toBeCloseTo(10, 0);
    expect((row?.good as number) / MINUTE).toBeCloseTo(20, 0);
  });

  test("some failures soon after the start spend little of a month's budget", async () => {
    const isDown = (now: number): boolean => minutes(now) >= 2 && minutes(now) < 2.5;
    simulated = await simulate(suiteOf("objective: { good: 99.9, days: 30 }, every: 5s, fire_after: 2, clear_after: 2", { c: "" }), (_, now) => isDown(now));
    await simulated.pass(20 * MINUTE);
    expect(simulated.notifications()).toEqual(["error c", "recovered c"]);
  });

  test("an outage that begins soon after the start is reported when it has spent what an hour may, and says how much that is of all", async () => {
    simulated = await simulate(suiteOf("objective: { good: 99.9, days: 30 }, every: 5s, fire_after: 2", { c: "" }), (_, now) => minutes(now) >= 2);
    await simulated.pass(2.7 * MINUTE);
    expect(simulated.notifications()).toEqual(["error c"]);
    await simulated.pass(2 * MINUTE);
    expect(simulated.notifications()).toEqual(["error c", "error c objective"]);
    const spent = Number(/; (\d+) % of it is spent$/.exec(simulated.events()[1]?.data.reason ?? "")?.[1]);
    // A minute or two of 43.
    expect(spent).toBeGreaterThanOrEqual(2);
    expect(spent).toBeLessThanOrEqual(5);
  });

  test("without measured time there is no reason", async () => {
    simulated = await simulate(suiteOf(objective, { c: "" }), () => false);
    const [check] = simulated.book.plan.checks as [(typeof simulated.book.plan.checks)[0]];
    expect(await new Objectives(simulated.book).reason(check, { good: 99, days: 30 }, Date.now())).toBeNull();
  });
});
