import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { rollUpDays } from "../../../runner/history/daily.js";
import { dayCounts } from "../../../runner/history/days.js";
import { History } from "../../../runner/history/history.js";
import { LogHistogram } from "../../../runner/history/log-histogram.js";
import { OperationTimes } from "../../../runner/history/operation-times.js";
import { deleteOld } from "../../../runner/history/retention.js";
import { durationsSince, operationsSince, rollUp } from "../../../runner/history/rollup.js";
import { IN_MEMORY } from "../../../runner/sqlite/store-path.js";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** A history with some checks, each with a result at every moment. */
class Filled {
  readonly history = new History(IN_MEMORY);
  readonly checks: readonly { readonly id: number; readonly key: string }[];
  #count = 0;

  constructor(count: number) {
    onTestFinished(() => this.history.close());
    this.checks = this.history.checks(
      "suite",
      Array.from({ length: count }, (_, index) => ({ key: `k${index}`, name: `c${index}` })),
      "0",
    );
  }

  get first(): number {
    return this.checks[0]?.id as number;
  }

  /** EHLO takes twice as long as connect. */
  add(at: number, connectMs: number, outcome: "ok" | "error" = "ok"): void {
    const state = `${++this.#count}`;
    const unchanged = { weightMs: 0, evidence: null, incident: null, notifications: [] };
    for (const { id } of this.checks) {
      const operations = [
        { name: "connect", durationMs: connectMs },
        { name: "EHLO", durationMs: connectMs * 2 },
        { name: "QUIT", durationMs: null },
      ];
      this.history.add({ check: id, at, outcome, durationMs: connectMs * 3, state, operations, ...unchanged }, at);
    }
  }

  /** As the watch does at intervals. */
  keepHouse(now: number): void {
    const { driver, times } = this.history;
    for (let count = 0; count < 10_000; count++) if (!(times.store(driver, now) || rollUp(driver, now) || rollUpDays(driver, now))) return;
    throw new Error("it does not end");
  }
}

const exact = (values: readonly number[]): LogHistogram => {
  const histogram = new LogHistogram();
  for (const value of values) histogram.add(value * 1000);
  return histogram;
};
const text = (histogram: LogHistogram | undefined): string | undefined => histogram?.encode();

test("percentiles of operations over 90 days are those of all runs, when the hours are gone, too", () => {
  const filled = new Filled(2);
  const connects: number[] = [];
  for (let hour = 0; hour < 100 * 24; hour += 3) {
    const connectMs = 5 + ((hour * 7919) % 97);
    if (hour >= 10 * 24) connects.push(connectMs);
    filled.add(hour * HOUR, connectMs);
    if (hour % 24 === 0) filled.keepHouse(hour * HOUR);
  }
  const now = 100 * DAY;
  filled.keepHouse(now);
  const { driver } = filled.history;
  const id = filled.first;
  const expectAll = (): void => {
    const operations = operationsSince(driver, id, now - 90 * DAY);
    expect([...operations.keys()]).toEqual(["connect", "EHLO"]);
    expect(text(operations.get("connect"))).toBe(text(exact(connects)));
    expect(text(operations.get("EHLO"))).toBe(text(exact(connects.map((each) => each * 2))));
    expect(text(durationsSince(driver, id, now - 90 * DAY))).toBe(text(exact(connects.map((each) => each * 3))));
  };
  expectAll();
  while (deleteOld(driver, { resultsMs: 2 * DAY, failuresMs: 2 * DAY, hoursMs: 3 * DAY }, now));
  expect(driver.prepare("SELECT min(hour) AS hour FROM hours").all()).toEqual([{ hour: now - 3 * DAY }]);
  expectAll();
});

test("the bars of days are the same before and after days are added up; hours of a day that is not over count", () => {
  const filled = new Filled(3);
  for (let hour = 0; hour < 60; hour++) filled.add(hour * HOUR, 10, hour % 10 === 0 ? "error" : "ok");
  const { driver } = filled.history;
  const ids = filled.checks.map(({ id }) => id);
  const counts = (): unknown[] => dayCounts(driver, ids, 0).sort((a, b) => a.day - b.day || a.check - b.check);
  const before = counts();
  expect(before.slice(0, 1)).toEqual([{ check: ids[0], day: 0, fine: 21, failed: 3, unmeasured: 0 }]);
  expect(before).toHaveLength(9);
  // Two hours after the end of the first day, and no sooner.
  filled.keepHouse(26 * HOUR - 1);
  expect(driver.prepare("SELECT 1 FROM days").all()).toHaveLength(0);
  filled.keepHouse(60 * HOUR);
  expect(driver.prepare("SELECT 1 FROM days").all()).toHaveLength(6);
  expect(counts()).toEqual(before);
});

test("what came in after a restart of the watch is added to the same hour", () => {
  const filled = new Filled(1);
  const id = filled.first;
  filled.add(0, 10);
  filled.history.times.store(filled.history.driver, 0, true);
  const again = new OperationTimes();
  again.add(id, 1000, [{ name: "connect", durationMs: 20 }], 1000);
  // Not yet: it is stored every five minutes.
  again.store(filled.history.driver, 2000);
  expect(text(again.of(id).get("connect"))).toBe(text(exact([20])));
  expect(again.of(id + 1).size).toBe(0);
  expect(operationsSince(filled.history.driver, id, 0).get("connect")?.total).toBe(1);
  again.store(filled.history.driver, 301_000);
  expect(again.of(id).size).toBe(0);
  expect(text(operationsSince(filled.history.driver, id, 0).get("connect"))).toBe(text(exact([10, 20])));
});

test("a run with thousands of operations, and names that an object has already", () => {
  const filled = new Filled(1);
  const id = filled.first;
  filled.add(0, 10);
  const many = Array.from({ length: 5000 }, (_, index) => ({ name: `o${index}`, durationMs: 1 }));
  const odd = ["__proto__", "constructor", "x".repeat(5000)].map((name) => ({ name, durationMs: 1 }));
  filled.history.times.add(id, 0, [...odd, ...many], 0);
  filled.history.times.store(filled.history.driver, 0, true);
  const names = [...operationsSince(filled.history.driver, id, 0).keys()];
  expect(names).toHaveLength(40);
  expect(names).toEqual(expect.arrayContaining(["__proto__", "constructor", "x".repeat(100)]));
});

test("a new check has nothing of one that was forgotten", () => {
  const folder = mkdtempSync(join(tmpdir(), "probe-run-forgotten-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const history = new History(join(folder, "history.db"));
  const old = history.checks("suite", [{ key: "old", name: "old" }], "0")[0]?.id as number;
  const unchanged = { weightMs: 0, evidence: null, incident: null, notifications: [] };
  history.add({ check: old, at: 0, outcome: "error", durationMs: 1, state: "1", ...unchanged }, 0);
  history.forget(old);
  const fresh = history.checks("suite", [{ key: "new", name: "new" }], "0")[0]?.id as number;
  expect(fresh).not.toBe(old);
  expect(dayCounts(history.driver, [fresh], 0)).toEqual([]);
  history.close();
});
