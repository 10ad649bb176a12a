import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openQueue, type Queue } from "../../../../runner/queue/queue.js";
import { readSuite } from "../../../../runner/suite/read.js";
import type { Entry } from "../../../../runner/watch/shared/entries.js";
import { SilentLocations } from "../../../../runner/watch/shared/silent-locations.js";
import { slotJobsOf } from "../../../../runner/watch/shared/slot-jobs.js";
import { type WatchPlan, watchPlanOf } from "../../../../runner/watch/watch-plan.js";
import { numbered, suiteOf } from "../simulated.js";
import { notified, openReader, type Reader, read } from "./readers.js";

const PLACES = ["fra", "nyc", "sgp"];
const SECOND = 1000;
const TIMES = { forMs: 10 * SECOND, deadlineMs: 300 * SECOND } as const;

let folder: string;
let plan: WatchPlan;
let reader: Reader;
let queues: Map<string, Queue>;
let locations: SilentLocations;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "probe-run-silent-"));
  plan = await watchPlanOf(await readSuite("checks.yaml", suiteOf(`fire_after: 1, locations: [${PLACES.join()}], quorum: 2`, numbered(1)), {}));
  reader = await openReader(plan, PLACES);
  queues = new Map();
  for (const place of PLACES) queues.set(place, await openQueue(`sqlite:${join(folder, `${place}.db`)}`));
  vi.useFakeTimers({ toFake: ["performance"] });
  locations = new SilentLocations(reader.book, { ...TIMES, queues, isOffline: () => false });
});
afterEach(async () => {
  vi.useRealTimers();
  for (const queue of queues.values()) await queue.close();
  reader.history.close();
  rmSync(folder, { recursive: true });
});

/** The reasons that are to be written into the log in these seconds, one look a second. */
async function judgedIn(seconds: number): Promise<string[]> {
  const judged: string[] = [];
  for (let second = 0; second < seconds; second += 1) {
    vi.advanceTimersByTime(SECOND);
    judged.push(...(await locations.judgements(0)).map(({ key, reason }) => `${key}: ${reason}`));
  }
  return judged;
}

/** A slot begins, and some locations report. */
async function slot(at: number, reporting: readonly string[]): Promise<void> {
  const jobs = await slotJobsOf(plan);
  const key = plan.checks[0]?.key as string;
  for (const queue of queues.values()) await queue.jobs.push([jobs.get(key)?.jobFor({ at }) as never]);
  locations.begun();
  for (const place of reporting) locations.heard(place);
}

test("a location whose jobs wait is reported after ten seconds, whatever the deadline of a run is", async () => {
  await slot(1, ["fra", "nyc"]);
  expect(await judgedIn(9)).toEqual([]);
  expect((await judgedIn(5))[0]).toBe("sgp: no worker reports from sgp");
});

test("one whose worker runs the jobs is waited for until the deadline", async () => {
  await slot(1, ["fra", "nyc"]);
  const claimed = await queues.get("sgp")?.jobs.claim({ max: 10, leaseMs: 60_000, waitMs: 0, limits: { all: null, eachKey: null, keys: {} } });
  expect(claimed).toHaveLength(1);
  expect(await judgedIn(100)).toEqual([]);
  expect((await judgedIn(215))[0]).toBe("sgp: no worker reports from sgp");
});

test("nothing that was reported before its incident ends it, and one report after it does", async () => {
  const judge = (reason: string | null): Promise<void> =>
    read(reader, `${reason === null ? 2 : 1}-0`, { kind: "judged", about: "location", key: "sgp", at: 1, reason });
  await slot(1, PLACES);
  await judge("no worker reports from sgp");
  locations.judged("sgp");
  expect(reader.book.isSilent("sgp")).toBe(true);
  expect(await judgedIn(2)).toEqual([]);
  locations.heard("sgp");
  expect(await judgedIn(2)).toEqual(["sgp: null"]);
  await judge(null);
  expect(notified(reader)).toEqual(["error location sgp", "recovered location sgp"]);
});

test("slots that wait only for it end with its incident, and later ones at once: alerts do not wait for the deadline", async () => {
  const key = plan.checks[0]?.key as string;
  let id = 0;
  const say = (entry: Entry): Promise<void> => read(reader, `${1000 + ++id}-0`, entry);
  const report = (location: string, at: number): Promise<void> =>
    say({ kind: "report", key, at, location, outcome: "error", durationMs: 1, reason: "refused", output: null, certificates: [], run: null });
  for (const place of ["fra", "nyc"]) await report(place, 1);
  expect(notified(reader)).toEqual([]);
  await say({ kind: "judged", about: "location", key: "sgp", at: 1, reason: "no worker reports from sgp" });
  expect(notified(reader)).toEqual(["error location sgp", "error c0"]);
  for (const place of ["fra", "nyc"]) await report(place, 2);
  expect(reader.book.lastAt(key)).toBe(2);
  // After a restart, too.
  const again = await openReader(plan, PLACES, reader.history);
  reader = again;
  for (const place of ["fra", "nyc"]) await report(place, 3);
  expect(reader.book.lastAt(key)).toBe(3);
});

test("a check that no location can run is reported, unless a location has an incident that explains it", async () => {
  const key = plan.checks[0]?.key as string;
  const minute = 60 * SECOND;
  let id = 0;
  const say = (entry: Entry): Promise<void> => read(reader, `${1000 + ++id}-0`, entry);
  const slots = async (from: number, to: number, places: readonly string[]): Promise<void> => {
    for (let at = from; at < to; at += 1)
      for (const location of places) {
        const report = { location, outcome: "unknown", durationMs: null, reason: "PASSWORD is not set", output: null, certificates: [], run: null } as const;
        await say({ kind: "report", key, at: at * minute, ...report });
      }
  };
  await say({ kind: "judged", about: "location", key: "sgp", at: 1, reason: "no worker reports from sgp" });
  await slots(1, 30, ["fra", "nyc"]);
  expect(notified(reader)).toEqual(["error location sgp"]);
  await say({ kind: "judged", about: "location", key: "sgp", at: 1, reason: null });
  await slots(30, 44, PLACES);
  expect(notified(reader)).toEqual(["error location sgp", "recovered location sgp"]);
  await slots(44, 50, PLACES);
  expect(notified(reader).slice(2)).toEqual(["unknown c0"]);
});

test("without locations all workers together have the incident, and checks have none of their own meanwhile", async () => {
  const without = await watchPlanOf(await readSuite("checks.yaml", suiteOf("fire_after: 1", numbered(1)), {}));
  const all = await openReader(without, [""]);
  try {
    const jobs = await slotJobsOf(without);
    const key = without.checks[0]?.key as string;
    const queue = queues.get("fra") as Queue;
    await queue.jobs.push([jobs.get(key)?.jobFor({ at: 1 }) as never]);
    locations = new SilentLocations(all.book, { ...TIMES, queues: new Map([["", queue]]), isOffline: () => false });
    locations.begun();
    expect(await judgedIn(9)).toEqual([]);
    expect((await judgedIn(5))[0]).toBe(": no worker reports");
    await read(all, "1-0", { kind: "judged", about: "location", key: "", at: 1, reason: "no worker reports" });
    for (let minute = 1; minute < 30; minute += 1) await read(all, `${1 + minute}-0`, { kind: "over", key, at: minute * 60 * SECOND });
    expect(notified(all)).toEqual(["error the workers"]);
    expect(all.book.state(key).outcome).toBe("unknown");
    await read(all, "99-0", { kind: "judged", about: "location", key: "", at: 1, reason: null });
    expect(notified(all)).toEqual(["error the workers", "recovered the workers"]);
  } finally {
    all.history.close();
  }
});
