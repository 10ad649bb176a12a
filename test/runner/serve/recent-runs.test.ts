import { expect, test } from "vitest";
import type { Report } from "../../../runner/harness/run.js";
import { RecentRuns } from "../../../runner/serve/status/recent-runs.js";
import type { Ran } from "../../../runner/watch/run-check.js";

const ran = (durationMs: number, queue: object = { status: "ok" }) => {
  const carried = { status: "ok", failure: null, ip_address: null, connected_time: null, operations: [], duration_ms: durationMs } as const;
  const report = { probe: "network.tcp", version: "1.0.0", carried, envelope: { output: queue, queue } } as unknown as Report;
  return { outcome: "ok", report, reasons: [], isCancelled: false } as const;
};

test("the newest run and a bounded number before it are kept of each check", () => {
  const runs = new RecentRuns();
  for (let count = 1; count <= 100; count++) runs.add("a", ran(count), count);
  expect(runs.of("a")?.last).toMatchObject({ at: 100, durationMs: 100, envelope: '{"status":"ok"}' });
  expect(runs.of("a")?.samples.map(({ durationMs }) => durationMs)).toEqual(Array.from({ length: 60 }, (_, index) => index + 41));
  expect(runs.of("b")).toBeNull();
});

test("with many checks, fewer runs of each are kept", () => {
  const runs = new RecentRuns();
  for (let check = 0; check < 5000; check++) runs.add(`${check}`, ran(1), 1);
  for (let count = 0; count < 60; count++) runs.add("0", ran(count), count);
  expect(runs.of("0")?.samples).toHaveLength(10);
});

test("an envelope that is too large, a cancelled run and one that could not be made are not kept", () => {
  const runs = new RecentRuns();
  runs.add("a", { ...ran(1), isCancelled: true }, 1);
  runs.add("a", { ...ran(1), report: null }, 1);
  expect(runs.of("a")).toBeNull();
  runs.add("a", ran(1, { text: "x".repeat(40_000) }), 1);
  expect(runs.of("a")?.last.envelope).toBeNull();
});

test("checks that are no longer watched are forgotten", () => {
  const runs = new RecentRuns();
  runs.add("a", ran(1), 1);
  runs.add("b", ran(1), 1);
  runs.keepOnly(new Set(["b"]));
  expect(runs.of("a")).toBeNull();
  expect(runs.of("b")).not.toBeNull();
});

test("the operations of each run are given as they were", () => {
  const runs = new RecentRuns();
  const timed = (names: readonly string[], at: number): Ran => {
    const run = ran(at);
    const operations = names.map((name, index) => ({ name, at_ms: at + index, duration_ms: name === "QUIT" ? null : 1.5, code: 250, message: "é" }));
    return { ...run, report: { ...run.report, carried: { ...run.report.carried, operations } } as unknown as Report };
  };
  for (const [at, names] of [["EHLO", "QUIT"], ["EHLO", "QUIT"], ["EHLO"], []].entries()) runs.add("a", timed(names, at), at);
  const ehlo = (at: number) => ({ name: "EHLO", atMs: at, durationMs: 1.5 });
  const quit = (at: number) => ({ name: "QUIT", atMs: at + 1, durationMs: null });
  expect(runs.of("a")?.samples.map(({ operations }) => operations)).toEqual([[ehlo(0), quit(0)], [ehlo(1), quit(1)], [ehlo(2)], []]);
  runs.add("a", timed(["EHLO"], 4), 4);
  expect(runs.of("a")?.last.operations).toEqual([{ name: "EHLO", at_ms: 4, duration_ms: 1.5, code: 250, message: "é" }]);
});
