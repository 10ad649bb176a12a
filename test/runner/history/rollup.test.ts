import fc from "fast-check";
import { expect, test } from "vitest";
import { History } from "../../../runner/history/history.js";
import { LogHistogram } from "../../../runner/history/log-histogram.js";
import { durationsSince, rollUp } from "../../../runner/history/rollup.js";
import { IN_MEMORY } from "../../../runner/sqlite/store-path.js";

const HOUR = 3_600_000;

const histogramOf = (values: readonly number[]): LogHistogram => {
  const histogram = new LogHistogram();
  for (const value of values) histogram.add(value);
  return histogram;
};
const SHARES = [0, 0.01, 0.5, 0.9, 0.99, 1];
const quantiles = (histogram: LogHistogram) => SHARES.map((share) => histogram.quantile(share));

test("a quantile is within 2 % of the value itself", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 600_000_000 }), { minLength: 1, maxLength: 300 }), (values) => {
      const sorted = [...values].sort((a, b) => a - b);
      for (const share of SHARES) {
        const exact = sorted[Math.max(1, Math.ceil(share * sorted.length)) - 1] as number;
        const found = histogramOf(values).quantile(share) as number;
        expect(Math.abs(found - exact)).toBeLessThanOrEqual(exact * 0.0201 + 1e-9);
      }
    }),
  );
});

test("histograms add up in any grouping, and survive being stored", () => {
  const lists = fc.array(fc.array(fc.integer({ min: 0, max: 1e9 }), { maxLength: 50 }), { maxLength: 10 });
  fc.assert(
    fc.property(lists, (groups) => {
      const sum = new LogHistogram();
      for (const group of groups) sum.merge(LogHistogram.decode(histogramOf(group).encode()));
      const whole = histogramOf(groups.flat());
      expect([sum.total, ...quantiles(sum)]).toEqual([whole.total, ...quantiles(whole)]);
      expect(sum.encode()).toEqual(whole.encode());
    }),
  );
});

test("sixty values of one server take less than a hundred characters", () => {
  const values = Array.from({ length: 60 }, (_, index) => 20_000 + ((index * 7919) % 9000));
  expect(histogramOf(values).encode().length).toBeLessThan(100);
});

test("hours that are over are rolled up, slice by slice, and give the same percentiles as the results", () => {
  const history = new History(IN_MEMORY);
  const names = Array.from({ length: 150 }, (_, index) => ({ key: `k${index}`, name: `c${index}` }));
  const checks = history.checks("suite", names, "0");
  const all: number[] = [];
  for (let minute = 0; minute < 300; minute += 10)
    for (const [index, { id }] of checks.entries()) {
      const durationMs = 20 + ((minute * 7919 + index) % 90);
      if (index === 0) all.push(durationMs * 1000);
      history.add(
        {
          check: id,
          at: minute * 60_000,
          outcome: "ok",
          durationMs,
          weightMs: 0,
          evidence: null,
          state: `${minute}`,
          incident: null,
          notifications: [],
        },
        0,
      );
    }
  const [check] = checks as [(typeof checks)[0]];
  const before = quantiles(durationsSince(history.driver, check.id, 0));
  expect(before).toEqual(quantiles(histogramOf(all)));
  let steps = 0;
  while (rollUp(history.driver, 5 * HOUR)) steps += 1;
  expect(steps).toBe(3);
  const open = history.driver.prepare("SELECT DISTINCT hour FROM hours WHERE durations IS NULL ORDER BY hour").all();
  expect(open).toEqual([{ hour: 4 * HOUR }]);
  expect(quantiles(durationsSince(history.driver, check.id, 0))).toEqual(before);
  // The results themselves are no longer needed.
  history.driver.exec(`DELETE FROM results WHERE at < ${4 * HOUR}`);
  expect(quantiles(durationsSince(history.driver, check.id, 0))).toEqual(before);
  history.close();
});
