import { expect, test } from "vitest";
import { nextWaitMs, usualTimeoutMs } from "../../../probes/mail.send/schedule.js";
import { type Input, newest } from "../../../probes/mail.send/schema.js";
import { SEND_INPUT } from "./send.js";

function input(given: Partial<Input>): Input {
  const filled = { ...SEND_INPUT, retry_delay: 5, timeout: 30, ...given };
  if (!newest.input.validator(filled)) throw new Error("the input does not fit");
  return filled as unknown as Input;
}

/** All waits, for a server that says no for ever and answers at once. */
function waits(given: Partial<Input>, random = () => 0): number[] {
  const all: number[] = [];
  let elapsedMs = 0;
  for (;;) {
    const wait = nextWaitMs(input(given), { attempts: all.length + 1, elapsedMs }, random);
    if (wait === null) return all;
    all.push(wait / 1000);
    elapsedMs += wait;
  }
}

test("fixed is the former schedule: two retries, after five seconds each", () => {
  expect(waits({})).toEqual([5, 5]);
  expect(waits({ retries: 0 })).toEqual([]);
  expect(waits({ retries: 3, retry_delay: 0 })).toEqual([0, 0, 0]);
});

test("exponential doubles up to the longest delay, minus a jitter of up to a half", () => {
  expect(waits({ retry_schedule: "exponential", retries: 8 })).toEqual([5, 10, 20, 40, 80, 160, 300, 300]);
  expect(waits({ retry_schedule: "exponential", retries: 3 }, () => 1)).toEqual([2.5, 5, 10]);
  expect(waits({ retry_schedule: "exponential", retries: 2, retry_delay: 600 })).toEqual([600, 600]);
});

test("until outlasts a greylist of 300 seconds, and ends at its limit", () => {
  for (const random of [() => 0, () => 0.5, () => 1]) {
    const all = waits({ retry_schedule: "until" }, random);
    const total = all.reduce((sum, wait) => sum + wait, 0);
    expect(total).toBe(900);
    expect(all.length).toBeLessThan(20);
  }
  expect(waits({ retry_schedule: "until", retry_delay: 0, retry_until: 3 })).toEqual([1, 1, 1]);
});

test.each<[Partial<Input>]>([
  [{}],
  [{ retries: 0 }],
  [{ retries: 10, retry_delay: 300 }],
  [{ retry_schedule: "exponential", retries: 8 }],
  [{ retry_schedule: "until" }],
  [{ retry_schedule: "until", retry_until: 86_400 }],
  [{ connect_timeout_ms: 600_000 }],
])("the run's default deadline is longer than the schedule: %j", (given) => {
  const total = waits(given).reduce((sum, wait) => sum + wait, 0) * 1000;
  const attempts = given.retry_schedule === "until" ? 1 : waits(given).length + 1;
  expect(usualTimeoutMs(input(given))).toBeGreaterThanOrEqual(total + attempts * 10 * Math.max(30_000, given.connect_timeout_ms ?? 0));
});

test("the deadline stays within the range of a timer", () => {
  expect(usualTimeoutMs(input({ retries: 1000, retry_delay: 86_400 }))).toBeLessThan(2 ** 31);
});
