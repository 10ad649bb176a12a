import { expect, test } from "vitest";
import { monotonic } from "../../../runner/run/clock.js";
import { Deadline, type Watched } from "../../../runner/run/deadline.js";

const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;

function wait(): Watched {
  return { dueAt: monotonic() + 60_000, overdue: () => undefined, ended: () => undefined };
}

test("what waits after the run is over has a timer until it waits no more: the process can end then", () => {
  const before = timers();
  const deadline = new Deadline(60_000, undefined);
  deadline.release();
  const [first, second] = [wait(), wait()];
  deadline.watch(first);
  deadline.watch(second);
  expect(timers()).toBe(before + 1);
  deadline.unwatch(first);
  expect(timers()).toBe(before + 1);
  deadline.unwatch(second);
  expect(timers()).toBe(before);
});

test("the end of a run keeps the timer of its grace period, whatever stops to wait", () => {
  const before = timers();
  const deadline = new Deadline(60_000, undefined);
  deadline.afterEnd(60_000, () => undefined);
  const watched = wait();
  deadline.watch(watched);
  deadline.end("cancelled");
  deadline.unwatch(watched);
  expect(timers()).toBe(before + 1);
  deadline.release();
  expect(timers()).toBe(before);
});
