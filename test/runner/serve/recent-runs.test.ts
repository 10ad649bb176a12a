import { expect, test } from "vitest";
import type { Report } from "../../../runner/harness/run.js";
import { RecentRuns } from "../../../runner/serve/status/recent-runs.js";

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
