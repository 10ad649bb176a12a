import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { History } from "../../../../runner/history/history.js";
import { IN_MEMORY } from "../../../../runner/sqlite/store-path.js";
import { readSuite } from "../../../../runner/suite/read.js";
import { ClockSteps } from "../../../../runner/watch/shared/clock-steps.js";
import type { Entry } from "../../../../runner/watch/shared/entries.js";
import { slotJobsOf, slotOfJob } from "../../../../runner/watch/shared/slot-jobs.js";
import { type WatchPlan, watchPlanOf } from "../../../../runner/watch/watch-plan.js";
import { numbered, suiteOf } from "../simulated.js";
import { notified, openReader, outboxOf, type Reader, read } from "./readers.js";

const MINUTE = 60_000;
const PLACES = ["fra", "nyc"];

let plan: WatchPlan;
let readers: Reader[];
let log: { readonly id: string; readonly entry: Entry; readonly at: number }[];
let opened: History[];

beforeEach(async () => {
  const watch = "fire_after: 2, clear_after: 1, quorum: 2, locations: [fra, nyc]";
  plan = await watchPlanOf(await readSuite("checks.yaml", suiteOf(watch, { ...numbered(2), c1: "watch: { depends_on: [c0] }" }), {}));
  opened = [new History(IN_MEMORY), new History(IN_MEMORY)];
  readers = await Promise.all(opened.map((history) => openReader(plan, PLACES, history)));
  log = [];
});
afterEach(() => {
  for (const history of opened) history.close();
});

/** Appends an entry. Its id is later than its time, as after the clock of the log's machine was set back, too. */
async function say(entry: Entry, at = entry.at + 10): Promise<string> {
  const id = `${1000 * MINUTE + log.length}-0`;
  log.push({ id, entry, at });
  for (const each of readers) await read(each, id, entry, at);
  return id;
}

/** A slot of a check at both locations, and what the watches conclude from it. */
async function slot(index: number, at: number, outcome: "ok" | "error", epoch?: string): Promise<void> {
  const { key } = plan.checks[index] as WatchPlan["checks"][number];
  const run = { outcome, durationMs: 5, reason: outcome === "error" ? "refused" : null, output: null, run: null, certificates: [] };
  for (const location of PLACES) await say({ kind: "report", key, at, location, ...run, ...(epoch === undefined ? {} : { epoch }) });
  for (const entry of (readers[0] as Reader).conclusions.decisions()) await say(entry);
}

describe("the clock is set back from minute 100 to minute 40", () => {
  const setBack = async (): Promise<string> => {
    for (const minute of [98, 99, 100]) for (const index of [0, 1]) await slot(index, minute * MINUTE, "ok");
    return say({ kind: "clock", key: "", at: 40 * MINUTE });
  };
  const both = (): string[][] => readers.map(notified);

  test("an outage of the time that is passed through again is reported by every watch, and its end", async () => {
    const epoch = await setBack();
    for (const minute of [41, 42]) await slot(0, minute * MINUTE, "error", epoch);
    expect(both()).toEqual([["error c0"], ["error c0"]]);
    await slot(0, 43 * MINUTE, "ok", epoch);
    expect(both()).toEqual([
      ["error c0", "recovered c0"],
      ["error c0", "recovered c0"],
    ]);
    const [event] = outboxOf(readers[0] as Reader);
    expect(event?.data.opened_time).toBe(new Date(42 * MINUTE).toISOString());
    expect(outboxOf(readers[1] as Reader)).toEqual(outboxOf(readers[0] as Reader));
  });

  test("what was known of a parent before says nothing of a failure after it", async () => {
    await slot(0, 99 * MINUTE, "error");
    const epoch = await setBack();
    await slot(1, 41 * MINUTE, "error", epoch);
    // The parent is run first.
    expect(readers[0]?.book.lastAt(plan.checks[1]?.key as string)).toBe(null);
    await slot(0, 41.1 * MINUTE, "ok", epoch);
    await slot(1, 42 * MINUTE, "error", epoch);
    await slot(0, 42.1 * MINUTE, "ok", epoch);
    expect(both()).toEqual([["error c1"], ["error c1"]]);
  });

  test("what is still reported of the old time changes nothing", async () => {
    const epoch = await setBack();
    await slot(0, 41 * MINUTE, "ok", epoch);
    const before = readers.map(({ book }) => book.states);
    for (const minute of [101, 102, 103]) await slot(0, minute * MINUTE, "error");
    expect(readers.map(({ book }) => book.states)).toEqual(before);
  });

  test("a watch that is restarted and reads it all again reports nothing twice, and goes on from there", async () => {
    const epoch = await setBack();
    for (const minute of [41, 42]) await slot(0, minute * MINUTE, "error", epoch);
    const again = await openReader(plan, PLACES, opened[1]);
    expect(again.book.epoch).toBe(epoch);
    const before = outboxOf(again);
    for (const { id, entry, at } of log) await read(again, id, entry, at);
    expect(outboxOf(again)).toEqual(before);
    readers = [readers[0] as Reader, again];
    await slot(0, 43 * MINUTE, "ok", epoch);
    expect(both()).toEqual([
      ["error c0", "recovered c0"],
      ["error c0", "recovered c0"],
    ]);
    expect(again.book.state(plan.checks[0]?.key as string)).toEqual(readers[0]?.book.state(plan.checks[0]?.key as string));
  });

  test("a watch that learns it from another one's slot goes on from there, too", async () => {
    const epoch = await setBack();
    const late = await openReader(plan, PLACES);
    opened.push(late.history);
    readers = [late];
    for (const minute of [41, 42]) await slot(0, minute * MINUTE, "error", epoch);
    expect(notified(late)).toEqual(["error c0"]);
  });

  test("incidents of a location begin and end", async () => {
    const judge = (reason: string | null, minute: number): Promise<string> =>
      say({ kind: "judged", about: "location", key: "fra", at: minute * MINUTE, reason });
    await judge("no worker reports from fra", 50);
    await judge(null, 60);
    await setBack();
    await judge("no worker reports from fra", 41);
    await judge(null, 42);
    const one = ["error location fra", "recovered location fra"];
    expect(both()).toEqual([
      [...one, ...one],
      [...one, ...one],
    ]);
    expect(outboxOf(readers[0] as Reader)[2]?.data.opened_time).toBe(new Date(41 * MINUTE + 10).toISOString());
  });
});

test("a job of another epoch is another job", async () => {
  const jobs = await slotJobsOf(plan);
  const key = plan.checks[0]?.key as string;
  const ids = [undefined, "1780000000000-0", "1780000000000-1"].map(
    (epoch) => jobs.get(key)?.jobFor(epoch === undefined ? { at: 7 } : { at: 7, epoch }).id ?? "",
  );
  expect(new Set(ids).size).toBe(3);
  expect(ids.map(slotOfJob)).toEqual([
    { key, at: 7 },
    { key, at: 7, epoch: "1780000000000-0" },
    { key, at: 7, epoch: "1780000000000-1" },
  ]);
});

describe("a watch notices that the newest slots lie in its future", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["performance"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test("when it begins, and when its clock was set back, at once", () => {
    const clock = new ClockSteps(10_000);
    expect(clock.isBehind(() => 100 * MINUTE, 40 * MINUTE)).toBe(true);
    expect(clock.isBehind(() => 100 * MINUTE, 40 * MINUTE)).toBe(false);
    clock.setBack();
    expect(clock.isBehind(() => 100 * MINUTE, 39 * MINUTE)).toBe(true);
  });

  test("a clock of another watch that is ahead is let alone while that watch goes on", () => {
    const clock = new ClockSteps(10_000);
    expect(clock.isBehind(() => 0, 40 * MINUTE)).toBe(false);
    for (let second = 1; second <= 30; second += 1) {
      vi.advanceTimersByTime(1000);
      expect(clock.isBehind(() => 100 * MINUTE + 5000 * Math.floor(second / 5), 40 * MINUTE)).toBe(false);
    }
    const seconds = Array.from({ length: 12 }, () => {
      vi.advanceTimersByTime(1000);
      return clock.isBehind(() => 100 * MINUTE + 30_000, 40 * MINUTE);
    });
    expect(seconds.indexOf(true)).toBeGreaterThan(7);
  });

  test("clocks that differ a little are no reason", () => {
    expect(new ClockSteps(10_000).isBehind(() => 40 * MINUTE + 1500, 40 * MINUTE)).toBe(false);
  });
});
