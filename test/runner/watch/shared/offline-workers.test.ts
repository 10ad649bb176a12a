import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { History } from "../../../../runner/history/history.js";
import { OUTCOMES } from "../../../../runner/history/schema.js";
import { IN_MEMORY } from "../../../../runner/sqlite/store-path.js";
import { readSuite } from "../../../../runner/suite/read.js";
import type { Entry, Report } from "../../../../runner/watch/shared/entries.js";
import { type WatchPlan, watchPlanOf } from "../../../../runner/watch/watch-plan.js";
import { numbered, suiteOf } from "../simulated.js";
import { notified, openReader, outboxOf, type Reader, read } from "./readers.js";

const SLOT = 60_000;

let plan: WatchPlan;
let locations: readonly string[];
let readers: Reader[];
let log: { readonly id: string; readonly entry: Entry }[];
let opened: History[];

beforeEach(() => {
  readers = [];
  log = [];
  opened = [];
});
afterEach(() => {
  for (const history of opened) history.close();
});

/** A watch that reads the log into this history. */
async function reader(history = new History(IN_MEMORY)): Promise<Reader> {
  if (!opened.includes(history)) opened.push(history);
  return openReader(plan, locations, history);
}

async function watching(words: string, checks: number, where: readonly string[], more: Readonly<Record<string, string>> = {}): Promise<void> {
  const places = where.length === 0 ? "" : `, locations: [${where.join(", ")}]`;
  plan = await watchPlanOf(await readSuite("checks.yaml", suiteOf(`${words}${places}`, { ...numbered(checks), ...more }), {}));
  locations = where.length === 0 ? [""] : where;
  readers = [await reader(), await reader()];
}

async function say(at: number, entry: Entry): Promise<void> {
  const id = `${at}-${log.length}`;
  log.push({ id, entry });
  for (const each of readers) await read(each, id, entry);
}

/** Each watch decides before it reads what the others have decided. */
async function decide(at: number): Promise<void> {
  for (const entry of readers.flatMap(({ conclusions }) => conclusions.decisions())) await say(at, entry);
}

/** A slot of every check, or of some, each a little later than the one before it, at each location. */
async function pass(at: number, outcomeOf: (name: string, location: string) => Report["outcome"], [from, to] = [0, plan.checks.length]): Promise<void> {
  const step = Math.floor((SLOT - 1000) / plan.checks.length);
  for (const [index, { key, planned }] of plan.checks.entries()) {
    if (index < from || index >= to) continue;
    const begun = at + index * step;
    for (const location of locations) {
      const outcome = outcomeOf(planned.check.name as string, location);
      const reason = outcome === "error" ? "refused" : null;
      await say(begun + 5, { kind: "report", key, at: begun, certificates: [], location, outcome, durationMs: 5, reason, output: null, run: null });
    }
    await decide(begun + 6);
  }
}

const resultsOf = ({ history }: Reader): string[] =>
  (history.driver.prepare("SELECT name, at, outcome FROM results JOIN checks ON id = check_id ORDER BY at, name").all() as Row[]).map(
    ({ name, at, outcome }) => `${name}@${at} ${OUTCOMES[outcome]}`,
  );
const counted = (each: Reader): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const line of resultsOf(each).filter((name) => name.startsWith("network."))) {
    const outcome = line.split(" ").at(-1) as string;
    counts[outcome] = (counts[outcome] ?? 0) + 1;
  }
  return counts;
};
interface Row {
  readonly name: string;
  readonly at: number;
  readonly outcome: number;
}

function expectTheSame(): void {
  const [first, ...others] = readers as [Reader, ...Reader[]];
  for (const other of others) {
    expect(resultsOf(other)).toEqual(resultsOf(first));
    expect(outboxOf(other)).toEqual(outboxOf(first));
    for (const { key } of plan.checks) expect(other.book.state(key)).toEqual(first.book.state(key));
  }
}

/** Everything fails for two slots. */
async function expectOneIncidentOfTheWatch(): Promise<void> {
  await pass(SLOT, () => "ok");
  await pass(2 * SLOT, () => "error");
  await pass(3 * SLOT, () => "error");
  await pass(4 * SLOT, () => "ok");
  expectTheSame();
  expect(notified(readers[0] as Reader)).toEqual(["error the watch itself", "recovered the watch itself"]);
}

/** The second watch is killed, and begins where its history ends. */
async function restart(): Promise<void> {
  readers[1] = await reader((readers[1] as Reader).history);
}

describe("one location", () => {
  test("most checks fail at once: one incident, of the watch itself, and nothing that an objective counts", async () => {
    await watching("fire_after: 2, clear_after: 1", 20, []);
    await expectOneIncidentOfTheWatch();
    expect(counted(readers[0] as Reader)).toEqual({ ok: 40, unknown: 40 });
    expect((readers[0] as Reader).history.driver.prepare("SELECT sum(bad_ms) AS bad FROM hours").all()).toEqual([{ bad: 0 }]);
  });

  test("a watch that is killed before it is noticed, and the entries that it reads again, change nothing", async () => {
    await watching("fire_after: 2, clear_after: 1", 20, []);
    await pass(SLOT, () => "ok");
    await pass(2 * SLOT, () => "error", [0, 8]);
    await restart();
    for (const { id, entry } of log) await read(readers[1] as Reader, id, entry);
    await pass(2 * SLOT, () => "error", [8, 20]);
    await pass(3 * SLOT, () => "error");
    await restart();
    await pass(4 * SLOT, () => "ok");
    await pass(5 * SLOT, (name) => (name === "c3" ? "error" : "ok"));
    await pass(6 * SLOT, (name) => (name === "c3" ? "error" : "ok"));
    expectTheSame();
    expect(notified(readers[0] as Reader)).toEqual(["error the watch itself", "recovered the watch itself", "error c3"]);
  });

  test("both are killed in the middle of what begins: their states say it", async () => {
    await watching("fire_after: 2, clear_after: 1", 20, []);
    await pass(SLOT, () => "ok");
    await pass(2 * SLOT, () => "error", [0, 9]);
    expect(notified(readers[0] as Reader)).toEqual([]);
    readers = [await reader((readers[0] as Reader).history), await reader((readers[1] as Reader).history)];
    await pass(2 * SLOT, () => "error", [9, 20]);
    await pass(3 * SLOT, () => "error");
    await pass(4 * SLOT, () => "ok");
    expectTheSame();
    expect(notified(readers[0] as Reader)).toEqual(["error the watch itself", "recovered the watch itself"]);
    expect(counted(readers[0] as Reader)).toEqual({ ok: 40, unknown: 40 });
  });

  test("half of the checks fail, and not more: each is reported", async () => {
    await watching("fire_after: 1, clear_after: 1", 20, []);
    await pass(SLOT, () => "ok");
    await pass(2 * SLOT, (name) => (Number(name.slice(1)) < 10 ? "error" : "ok"));
    expect(notified(readers[0] as Reader)).toEqual(Array.from({ length: 10 }, (_, index) => `error c${index}`));
  });
});

describe("several locations", () => {
  const isAt = (where: string) => (_name: string, location: string) => (location === where ? "error" : "ok") as Report["outcome"];

  test("one fails everything: its incident and no other, with two as with three", async () => {
    for (const where of [
      ["fra", "nyc"],
      ["fra", "nyc", "sgp"],
    ]) {
      log = [];
      await watching("fire_after: 2, clear_after: 1", 20, where);
      await pass(SLOT, () => "ok");
      await pass(2 * SLOT, isAt("fra"));
      await restart();
      await pass(3 * SLOT, isAt("fra"));
      expect(notified(readers[0] as Reader)).toEqual(["error location fra"]);
      expect(outboxOf(readers[0] as Reader)[0]?.data.reason).toBe("most checks fail at fra and not elsewhere: it seems to be offline");
      await pass(4 * SLOT, () => "ok");
      await pass(5 * SLOT, () => "ok");
      expectTheSame();
      expect(notified(readers[0] as Reader)).toEqual(["error location fra", "recovered location fra"]);
      expect(counted(readers[0] as Reader).error).toBeUndefined();
    }
  });

  test("the quorum counts without it: what the others agree on is reported", async () => {
    await watching("fire_after: 2, clear_after: 1", 20, ["fra", "nyc", "sgp"]);
    await pass(SLOT, () => "ok");
    await pass(2 * SLOT, isAt("fra"));
    await pass(3 * SLOT, (name, location) => (location === "fra" || name === "c4" ? "error" : "ok"));
    await pass(4 * SLOT, (name, location) => (location === "fra" || name === "c4" ? "error" : "ok"));
    expect(notified(readers[0] as Reader)).toEqual(["error location fra", "error c4"]);
    // With the report of one of the two others, nothing is known.
    await pass(5 * SLOT, (name, location) => (location === "fra" || (location === "nyc" && name === "c7") ? "error" : "ok"));
    expect(
      resultsOf(readers[0] as Reader)
        .filter((line) => line.startsWith("network.tcp c7@"))
        .at(-1),
    ).toMatch(/ unknown$/);
    expectTheSame();
  });

  test("what fails at all of them at once is the watch's own incident, and no location's", async () => {
    await watching("fire_after: 2, clear_after: 1", 20, ["fra", "nyc"]);
    await expectOneIncidentOfTheWatch();
  });

  test("few checks: all of them must fail there", async () => {
    await watching("fire_after: 1, clear_after: 1", 4, ["fra", "nyc", "sgp"]);
    await pass(SLOT, () => "ok");
    await pass(2 * SLOT, (name, location) => (location === "fra" && name !== "c0" ? "error" : "ok"));
    expect(notified(readers[0] as Reader)).toEqual([]);
    await pass(3 * SLOT, () => "ok");
    await pass(4 * SLOT, isAt("fra"));
    expect(notified(readers[0] as Reader)).toEqual(["error location fra"]);
  });

  test("what depends on one check that fails there counts once", async () => {
    const children = Object.fromEntries(Array.from({ length: 18 }, (_, index) => [`child${index}`, "watch: { depends_on: [c0] }"]));
    await watching("fire_after: 1, clear_after: 1", 2, ["fra", "nyc", "sgp"], children);
    await pass(SLOT, () => "ok");
    await pass(2 * SLOT, (name, location) => (location === "fra" && (name === "c0" || name.startsWith("child")) ? "error" : "ok"));
    expect(notified(readers[0] as Reader)).toEqual([]);
    expectTheSame();
  });
});
