import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Ledger } from "../../../../runner/delivery/ledger/ledger.js";

const DAY_MS = 24 * 3600 * 1000;
let folder: string;
let now: number;
let one: Ledger;
let other: Ledger;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "probe-run-ledger-"));
  now = Date.UTC(2026, 10, 20, 23, 59);
  [one, other] = [0, 0].map(() => Ledger.create(join(folder, "delivery.db"), () => now)) as [Ledger, Ledger];
});
afterEach(() => {
  one.close();
  other.close();
  rmSync(folder, { recursive: true });
});

test("50 a day, 200 from the fourth day, 500 from the eighth, and no limit from the fifteenth; two processes share each day", () => {
  const days = [3, 4, 7].flatMap((number, index) => Array.from({ length: number }, () => [50, 200, 500][index] as number));
  for (const [index, most] of days.entries()) {
    expect(one.warmUp.state("192.0.2.1")).toEqual({ source: "192.0.2.1", day: index + 1, sent: 0, most });
    expect(one.warmUp.take("192.0.2.1", most - 10)).toBe(most - 10);
    expect(other.warmUp.take("192.0.2.1", 100)).toBe(10);
    expect(one.warmUp.take("192.0.2.1", 1)).toBe(0);
    now += DAY_MS;
  }
  expect(one.warmUp.take("192.0.2.1", 1_000_000)).toBe(1_000_000);
  expect(one.warmUp.state("192.0.2.1").most).toBeNull();
});

test("only days on which something was sent count", () => {
  one.warmUp.take("192.0.2.1", 1);
  now += 7 * DAY_MS;
  expect(one.warmUp.state("192.0.2.1")).toMatchObject({ day: 2, most: 50 });
});

test("each address has its own quota, and the next day begins at midnight UTC", () => {
  one.warmUp.take("192.0.2.1", 50);
  expect(one.warmUp.take("192.0.2.2", 60)).toBe(50);
  expect(new Date(one.warmUp.nextDayAt).toISOString()).toBe("2026-11-21T00:00:00.000Z");
});

test("a custom schedule", () => {
  expect(one.warmUp.take("192.0.2.1", 9, [5])).toBe(5);
  now += DAY_MS;
  expect(one.warmUp.take("192.0.2.1", 9, [5])).toBe(9);
});
