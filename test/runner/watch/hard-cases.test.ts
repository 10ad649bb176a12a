import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { History } from "../../../runner/history/history.js";
import { IN_MEMORY } from "../../../runner/sqlite/store-path.js";
import { numbered, type Simulated, simulate, suiteOf } from "./simulated.js";

/**
 * The cases of watching.md, section 9, that time and order make. Case 1 with 2,000 checks is in uplink.test.ts, 2 in killed-before-answer.test.ts, 3 in
 * shared/each-slot-once.test.ts, 5 in shared/one-silent-one-failing.test.ts, 6 with a queue in shared/dependencies.test.ts, 7 in
 * schedule/cron.test.ts, 8 in certificates/certificates.test.ts, 10 with 10,000 checks in suspend.test.ts.
 */

const SECOND = 1000;
const MINUTE = 60_000;
const START = Date.parse("2026-06-01T12:00:00Z");

let simulated: Simulated | null = null;

beforeEach(() => {
  vi.useFakeTimers({ now: START, toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date"] });
});

afterEach(async () => {
  await simulated?.close();
  simulated?.history.close();
  simulated = null;
  vi.useRealTimers();
});

/** Each check begins at the same moment of its minute, before and after. */
function expectRhythm(begun: Simulated["begun"]): void {
  const phases = new Map<string, number[]>();
  for (const { name, at } of begun) phases.set(name, [...(phases.get(name) ?? []), at % MINUTE]);
  const spans = [...phases.values()].map((own) => Math.max(...own) - Math.min(...own));
  expect(Math.max(...spans)).toBeLessThanOrEqual(2);
}

const minutes = (now: number): number => (now - START) / MINUTE;

describe("1. the uplink is down for five minutes", () => {
  const CHECKS = process.env.CI === "true" ? 300 : 100;
  const isDown = (now: number): boolean => minutes(now) >= 3 && minutes(now) < 8;
  const counted = (): Record<string, number> =>
    Object.fromEntries(
      (simulated?.rows<{ outcome: number; count: number }>("SELECT outcome, count(*) AS count FROM results GROUP BY outcome") ?? []).map(
        ({ outcome, count }) => [outcome, count],
      ),
    );

  test("with canaries: one alert, no incident, and a grey gap", { timeout: 60_000 }, async () => {
    simulated = await simulate(suiteOf("fire_after: 1, canaries: [c0, c1]", numbered(CHECKS)), (_, now) => isDown(now));
    await simulated.pass(12 * MINUTE);
    expect(simulated.notifications()).toEqual(["error the watch itself", "recovered the watch itself"]);
    const [alert] = simulated.events();
    expect(alert?.data.reason).toContain("every canary fails");
    // No error is stored, but that of the watch itself; five of twelve minutes are unknown.
    expect(counted()[2]).toBe(1);
    expect(counted()[3]).toBeGreaterThan(CHECKS * 4.9);
    expect(simulated.rows("SELECT 1 FROM incidents")).toHaveLength(1);
  });

  test("without canaries: what failed before half of the checks did is taken back", { timeout: 60_000 }, async () => {
    simulated = await simulate(suiteOf("fire_after: 2, clear_after: 1", numbered(CHECKS)), (_, now) => isDown(now));
    await simulated.pass(12 * MINUTE);
    expect(simulated.notifications()).toEqual(["error the watch itself", "recovered the watch itself"]);
    expect(counted()[2] ?? 0).toBeLessThan(CHECKS / 2 + 10);
    const [hours] = simulated.rows<{ error: number; unknown: number; bad: number }>(
      "SELECT sum(error) AS error, sum(unknown) AS unknown, sum(bad_ms) AS bad FROM hours",
    );
    expect([hours?.error, hours?.unknown]).toEqual([counted()[2] ?? 0, counted()[3]]);
    // Nothing of it is measured, so no objective pays for it.
    expect(hours?.bad).toBe(0);
  });

  test("a restart just after it began: the watch that follows notices it, too", { timeout: 60_000 }, async () => {
    const text = suiteOf("fire_after: 2, clear_after: 1", numbered(CHECKS));
    const first = await simulate(text, (_, now) => isDown(now));
    await first.pass(3 * MINUTE + 20 * SECOND);
    await first.close();
    expect(first.rows("SELECT 1 FROM results WHERE outcome = 2").length).toBeGreaterThan(CHECKS / 6);
    simulated = await simulate(text, (_, now) => isDown(now), first.history);
    await simulated.pass(9 * MINUTE);
    expect(simulated.notifications()).toEqual(["error the watch itself", "recovered the watch itself"]);
    expect(simulated.rows("SELECT sum(bad_ms) AS bad FROM hours")).toEqual([{ bad: 0 }]);
  });

  test("with canaries, a watch that begins while it is offline sees failures again afterwards", async () => {
    const text = suiteOf("fire_after: 1, canaries: [c0]", numbered(20));
    const fails = (name: string, now: number): boolean => isDown(now) || (name === "c5" && minutes(now) > 10);
    const first = await simulate(text, fails);
    await first.pass(5 * MINUTE);
    await first.close();
    simulated = await simulate(text, fails, first.history);
    await simulated.pass(7 * MINUTE);
    expect(simulated.notifications()).toEqual(["error the watch itself", "recovered the watch itself", "error c5"]);
  });

  test("half of the checks fail, and not more: each is reported", async () => {
    simulated = await simulate(suiteOf("fire_after: 1", numbered(20)), (name, now) => isDown(now) && Number(name.slice(1)) % 2 === 0);
    await simulated.pass(6 * MINUTE);
    expect(simulated.notifications()).toHaveLength(10);
  });

  test("ten checks or fewer are no majority", async () => {
    simulated = await simulate(suiteOf("fire_after: 1", numbered(10)), (_, now) => isDown(now));
    await simulated.pass(6 * MINUTE);
    expect(simulated.notifications()).toHaveLength(10);
  });
});

test("4. fail, ok, fail, ok for an hour: one incident, flapping, one recovery", async () => {
  simulated = await simulate(suiteOf("", { c: "" }), (_, now) => minutes(now) < 60 && Math.floor(minutes(now)) % 2 === 0);
  await simulated.pass(90 * MINUTE);
  expect(simulated.notifications()).toEqual(["flapping c", "recovered c"]);
  expect(simulated.rows("SELECT number, is_flapping FROM incidents")).toEqual([{ number: 1, is_flapping: 1 }]);
  expect(simulated.rows("SELECT 1 FROM results WHERE outcome = 2").length).toBeGreaterThan(25);
});

test("6. parent and children fail in the same second, children first: only the parent is reported", async () => {
  const checks = { parent: "watch: { every: 5m }", ...numbered(8, "watch: { every: 30s, depends_on: [parent] }") };
  simulated = await simulate(suiteOf("fire_after: 1", checks), (_, now) => minutes(now) >= 6);
  await simulated.pass(20 * MINUTE);
  expect(simulated.notifications()).toEqual(["error parent"]);
  // What the children found is recorded, and says why it was not reported.
  const [failure] = simulated.rows<{ reason: string }>("SELECT reason FROM evidence JOIN checks ON checks.id = check_id WHERE name LIKE '%c0'");
  expect(failure?.reason).toBe("network.tcp parent fails, which this depends on; refused");
});

describe("late results and clocks", () => {
  test("9. a result that comes ten minutes late, after the recovery was reported: in the history, and no new alert", async () => {
    simulated = await simulate(suiteOf("fire_after: 1, clear_after: 1", { c: "" }), (_, now) => minutes(now) >= 2 && minutes(now) < 4);
    await simulated.pass(13 * MINUTE);
    expect(simulated.notifications()).toEqual(["error c", "recovered c"]);
    const [check] = simulated.book.plan.checks;
    const before = simulated.book.state(check?.key as string);
    const at = START + 3 * MINUTE + 1;
    expect(Date.now() - at).toBeGreaterThan(9.9 * MINUTE);
    await simulated.book.record(check as never, { at, outcome: "error", durationMs: 1, reason: "late", output: null }, Date.now());
    expect(simulated.rows(`SELECT outcome FROM results WHERE at = ${at}`)).toEqual([{ outcome: 2 }]);
    expect(simulated.rows(`SELECT reason FROM evidence WHERE at = ${at}`)).toEqual([{ reason: "late" }]);
    expect(simulated.notifications()).toEqual(["error c", "recovered c"]);
    expect(simulated.rows("SELECT 1 FROM incidents")).toHaveLength(1);
    expect(simulated.book.state(check?.key as string)).toEqual(before);
  });

  test("10. after a suspend nothing that was slept through runs, and nothing runs in a burst", async () => {
    simulated = await simulate(suiteOf("", numbered(500)), () => false);
    await simulated.pass(2 * MINUTE);
    const { begun } = simulated;
    const before = begun.length;
    // The machine sleeps: its clock goes on, its timers do not.
    vi.setSystemTime(Date.now() + 10 * MINUTE);
    const wokenAt = Date.now();
    await simulated.pass(MINUTE + 6 * SECOND);
    const after = begun.slice(before).filter(({ at }) => at >= wokenAt);
    expect(new Set(after.map(({ name }) => name)).size).toBe(500);
    const inOneSecond = Math.max(
      ...Array.from({ length: 66 }, (_, second) => after.filter(({ at }) => at >= wokenAt + second * SECOND && at < wokenAt + (second + 1) * SECOND).length),
    );
    expect(inOneSecond).toBeLessThan(100);
    expect(simulated.watcher.counts.missed).toBeGreaterThan(400);
    expectRhythm(begun);
  });

  test("the clock is set back by an hour: slots that are done stay done, and the rhythm goes on", async () => {
    simulated = await simulate(suiteOf("", numbered(20)), () => false);
    await simulated.pass(5 * MINUTE);
    const before = simulated.rows<{ count: number }>("SELECT count(*) AS count FROM results")[0]?.count as number;
    vi.setSystemTime(Date.now() - 60 * MINUTE);
    await simulated.pass(3 * MINUTE);
    const results = simulated.rows<{ check_id: number; at: number }>("SELECT check_id, at FROM results");
    expect(results.length).toBeGreaterThan(before + 30);
    expect(new Set(results.map(({ check_id, at }) => `${check_id}@${at}`)).size).toBe(results.length);
  });
});

describe("a clock that was wrong", () => {
  const ALERTS = "fire_after: 2, clear_after: 2";

  test.each([60, 7.5])("set back by %d minutes: an outage after it is reported, and its end", async (minutesBack) => {
    let isDown = false;
    simulated = await simulate(suiteOf(ALERTS, numbered(3)), () => isDown);
    await simulated.pass(20 * MINUTE);
    vi.setSystemTime(Date.now() - minutesBack * MINUTE);
    await simulated.pass(2 * MINUTE);
    isDown = true;
    await simulated.pass(4 * MINUTE);
    expect(simulated.notifications().sort()).toEqual(["error c0", "error c1", "error c2"]);
    isDown = false;
    await simulated.pass(4 * MINUTE);
    expect(simulated.notifications().slice(3).sort()).toEqual(["recovered c0", "recovered c1", "recovered c2"]);
    // A result of the old future gives way to the one that has its place.
    const failed = simulated.rows<{ count: number }>("SELECT count(*) AS count FROM results JOIN evidence USING (check_id, at) WHERE outcome = 2");
    expect(failed[0]?.count).toBeGreaterThanOrEqual(9);
    expect(simulated.watcher.counts.lastSlotAt).toBeLessThanOrEqual(Date.now());
  });

  test("set back during an outage and in the middle of a run: the end of the outage is reported", async () => {
    let isDown = true;
    simulated = await simulate(suiteOf(ALERTS, numbered(2)), () => isDown, undefined, 900);
    await simulated.pass(5 * MINUTE);
    expect(simulated.notifications().sort()).toEqual(["error c0", "error c1"]);
    while (simulated.watcher.counts.running === 0) await simulated.pass(100);
    vi.setSystemTime(Date.now() - 60 * MINUTE);
    isDown = false;
    await simulated.pass(5 * MINUTE);
    expect(simulated.notifications().slice(2).sort()).toEqual(["recovered c0", "recovered c1"]);
  });

  test("a history from a machine whose clock was years ahead: alerts come at once", async () => {
    const history = new History(IN_MEMORY);
    const now = Date.now();
    vi.setSystemTime(now + 4 * 365 * 24 * 60 * MINUTE);
    const ahead = await simulate(suiteOf(ALERTS, numbered(2)), () => false, history);
    await ahead.pass(3 * MINUTE);
    await ahead.close();
    vi.setSystemTime(now);
    simulated = await simulate(suiteOf(ALERTS, numbered(2)), () => true, history);
    await simulated.pass(3 * MINUTE);
    expect(simulated.notifications().sort()).toEqual(["error c0", "error c1"]);
  });
});

describe("maintenance", () => {
  const WINDOW = 'maintenance: [{ cron: "5 12 * * *", zone: UTC, for: 10m, tags: [mail] }]';

  test("failures in it are recorded and open nothing; what still fails at its end fires at once", async () => {
    const checks = { planned: "tags: [mail]", other: "", mended: "tags: [mail]" };
    const fails = (name: string, now: number): boolean => minutes(now) >= 6 && (name !== "mended" || minutes(now) < 12);
    simulated = await simulate(suiteOf(`fire_after: 3, ${WINDOW}`, checks), fails);
    await simulated.pass(14 * MINUTE);
    expect(simulated.notifications()).toEqual(["error other"]);
    await simulated.pass(2.1 * MINUTE);
    expect(simulated.notifications()).toEqual(["error other", "error planned"]);
    expect(simulated.rows("SELECT 1 FROM results WHERE outcome = 5")).toHaveLength(20);
    await simulated.pass(10 * MINUTE);
    expect(simulated.notifications()).toHaveLength(2);
  });

  test("an incident that was open stays open, without a change", async () => {
    simulated = await simulate(
      suiteOf(`fire_after: 1, clear_after: 1, ${WINDOW}`, { planned: "tags: [mail]" }),
      (_, now) => minutes(now) >= 2 && minutes(now) < 7,
    );
    await simulated.pass(14 * MINUTE);
    expect(simulated.notifications()).toEqual(["error planned"]);
    await simulated.pass(2.1 * MINUTE);
    expect(simulated.notifications()).toEqual(["error planned", "recovered planned"]);
  });
});

test("cron: a check runs at its local times", async () => {
  simulated = await simulate(suiteOf("", { c: 'watch: { cron: "*/10 14 * * *", zone: Europe/Berlin }' }), () => false);
  await simulated.pass(120 * MINUTE);
  expect(simulated.begun.map(({ at }) => new Date(at).toISOString().slice(11, 16))).toEqual(["12:10", "12:20", "12:30", "12:40", "12:50"]);
});
