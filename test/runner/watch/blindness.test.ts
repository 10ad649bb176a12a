import { expect, test } from "vitest";
import { Blindness } from "../../../runner/watch/blindness.js";
import { type CheckState, FIRST_STATE } from "../../../runner/watch/state.js";

const SLOT = 60_000;
const key = (index: number): string => `c${index}`;

function failing(blindness: Blindness, from: number, to: number, at: (index: number) => number): void {
  for (let index = from; index < to; index++) blindness.failed(key(index), at(index), SLOT, false);
}

test("more than half of the checks turn within a slot: each is named with the beginning of its first failure", () => {
  const blindness = new Blindness(20);
  failing(blindness, 0, 10, (index) => 1000 * index);
  expect(blindness.turned).toBeNull();
  blindness.failed(key(3), 5000, SLOT, true);
  blindness.failed(key(10), 10_000, SLOT, false);
  expect([...(blindness.turned ?? [])].sort((a, b) => a[1] - b[1])).toEqual(Array.from({ length: 11 }, (_, index) => [key(index), 1000 * index]));
});

test("what failed before, or longer ago than a slot, is no part of it", () => {
  const blindness = new Blindness(20);
  for (let index = 0; index < 20; index++) blindness.failed(key(index), 0, SLOT, true);
  expect(blindness.turned).toBeNull();
  const slow = new Blindness(20);
  failing(slow, 0, 20, (index) => index * SLOT);
  expect(slow.turned).toBeNull();
});

test("a run that began late in the slot before fails for the same reason: it is named, but not counted", () => {
  const blindness = new Blindness(12);
  blindness.failed(key(0), 0, SLOT, false);
  failing(blindness, 1, 7, (index) => SLOT + index);
  expect(blindness.turned).toBeNull();
  blindness.failed(key(7), SLOT + 7, SLOT, false);
  expect(blindness.turned?.get(key(0))).toBe(0);
  expect(blindness.turned?.size).toBe(8);
});

test("one that is fine in between turns again", () => {
  const blindness = new Blindness(11);
  failing(blindness, 0, 5, () => 0);
  blindness.fine(key(0));
  blindness.failed(key(5), 1000, SLOT, false);
  expect(blindness.turned).toBeNull();
  blindness.failed(key(0), 2000, SLOT, false);
  expect(blindness.turned?.get(key(0))).toBe(2000);
});

test("it is over when half of the checks are fine", () => {
  const blindness = new Blindness(12);
  for (let index = 0; index < 5; index++) blindness.fine(key(index));
  expect(blindness.isOver).toBe(false);
  blindness.fine(key(5));
  expect(blindness.isOver).toBe(true);
  blindness.failed(key(0), 0, SLOT, false);
  expect(blindness.isOver).toBe(false);
});

test("ten checks never turn together by more than chance", () => {
  const blindness = new Blindness(10);
  failing(blindness, 0, 10, () => 0);
  expect(blindness.turned).toBeNull();
});

test("after a restart, it continues with the states: three failures in a row began two slots before the last one", () => {
  const blindness = new Blindness(12);
  const states = new Map<string, CheckState>(
    Array.from({ length: 12 }, (_, index) => [
      key(index),
      { ...FIRST_STATE, last_at: 100_000 + index, outcome: index < 5 ? "error" : "ok", recent: index === 0 ? "OFFF" : index < 5 ? "OF" : "OO" },
    ]),
  );
  const checks = [...states.keys()].map((each) => ({ key: each, schedule: { everyMs: SLOT, offsetMs: 0 } }));
  blindness.resume(checks, (each) => states.get(each) as CheckState);
  expect(blindness.turned).toBeNull();
  failing(blindness, 5, 7, () => 101_000);
  expect(blindness.turned?.get(key(0))).toBeUndefined();
  failing(blindness, 7, 8, () => 101_000);
  expect([...(blindness.turned ?? new Map()).values()].sort()).toEqual([100_001, 100_002, 100_003, 100_004, 101_000, 101_000, 101_000]);
});

test("what was noticed stays noticed, however late it is asked for, until enough of it is fine", () => {
  const blindness = new Blindness(12);
  failing(blindness, 0, 12, (index) => 5000 * index);
  for (let index = 0; index < 12; index++) blindness.failed(key(index), SLOT + 5000 * index, SLOT, true);
  expect(blindness.turned?.get(key(0))).toBe(0);
  for (let index = 0; index < 6; index++) blindness.fine(key(index));
  expect(blindness.turned).toBeNull();
});
