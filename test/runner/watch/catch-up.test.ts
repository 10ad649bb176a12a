import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { History } from "../../../runner/history/history.js";
import { type Simulated, simulate, suiteOf } from "./simulated.js";

const HOUR = 3_600_000;
const START = Date.parse("2026-06-01T12:00:00Z");

beforeEach(() => {
  vi.useFakeTimers({ now: START, toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

const CHECKS = {
  backup: 'watch: { cron: "0 * * * *", zone: UTC, catch_up: once }',
  usual: 'watch: { cron: "0 * * * *", zone: UTC }',
};
const runsOf = ({ begun }: Simulated, name: string): string[] =>
  begun.filter((run) => run.name === name).map(({ at }) => new Date(at).toISOString().slice(11, 16));

test("catch_up: once: after a night in which nothing ran, the check runs once, late, and then at its times", async () => {
  const folder = mkdtempSync(join(tmpdir(), "probe-run-catch-up-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "history.db");
  const first = await simulate(suiteOf("", CHECKS), () => false, new History(path));
  await first.pass(1.5 * HOUR);
  expect([runsOf(first, "backup"), runsOf(first, "usual")]).toEqual([["13:00"], ["13:00"]]);
  await first.close();
  first.history.close();

  vi.setSystemTime(START + 9.5 * HOUR);
  const second = await simulate(suiteOf("", CHECKS), () => false, new History(path));
  await second.pass(HOUR);
  expect([runsOf(second, "backup"), runsOf(second, "usual")]).toEqual([["21:30", "22:00"], ["22:00"]]);

  // The machine sleeps: its clock goes on, its timers do not.
  vi.setSystemTime(Date.now() + 3 * HOUR);
  await second.pass(HOUR);
  expect([runsOf(second, "backup"), runsOf(second, "usual")]).toEqual([
    ["21:30", "22:00", "01:30", "02:00"],
    ["22:00", "02:00"],
  ]);
  await second.close();
  second.history.close();
});

test("a check that has an id keeps its incident and its results when it is renamed", async () => {
  const history = new History(":memory:");
  const named = (name: string, words: string): string => suiteOf("every: 1m, fire_after: 1", { [name]: words });
  const first = await simulate(named("old", ""), () => true, history);
  await first.pass(3 * 60_000);
  await first.close();
  expect(first.notifications()).toEqual(["error old"]);
  const second = await simulate(named("old", "watch: { id: same }"), () => true, history);
  await second.pass(60_000);
  await second.close();
  const third = await simulate(named("new", "watch: { id: same }"), () => false, history);
  await third.pass(3 * 60_000);
  await third.close();
  expect(third.notifications()).toEqual(["error old", "recovered new"]);
  expect(third.rows("SELECT name FROM checks WHERE name LIKE 'network%'")).toEqual([{ name: "network.tcp new" }]);
  expect(third.rows("SELECT DISTINCT check_id FROM results")).toHaveLength(1);
  history.close();
});
