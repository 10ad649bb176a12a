import { beforeEach, expect, test, vi } from "vitest";

// dist/ holds these modules more than once: here each is imported twice.
beforeEach(() => vi.resetModules());

test("metrics that one copy registers are served by another", async () => {
  const { registerMetrics } = await import("../../../runner/support/metrics-registry.js");
  registerMetrics(() => ["of_the_first_copy 1"]);
  vi.resetModules();
  const again = await import("../../../runner/support/metrics-registry.js");
  expect(again.registerMetrics).not.toBe(registerMetrics);
  expect(again.liveMetrics()).toContain("of_the_first_copy 1\n");
});

test("what one copy leaves open is ended by another", async () => {
  let isEnded = false;
  (await import("../../../runner/support/shutdown-hooks.js")).onShutdown(async () => {
    isEnded = true;
  });
  vi.resetModules();
  await (await import("../../../runner/support/shutdown-hooks.js")).runShutdownHooks();
  expect(isEnded).toBe(true);
});

test("where behaviour is kept is the same for every copy", async () => {
  const first = await import("../../../runner/sqlite/store-path.js");
  const before = first.behaviourFile({});
  first.setDefaultBehaviourFile("/elsewhere/behaviour.db");
  vi.resetModules();
  expect((await import("../../../runner/sqlite/store-path.js")).behaviourFile({})).toBe("/elsewhere/behaviour.db");
  first.setDefaultBehaviourFile(before);
});

test("there is one schedule of arrivals and starts", async () => {
  const first = await import("../../../runner/run/read-scheduler.js");
  vi.resetModules();
  const second = await import("../../../runner/run/read-scheduler.js");
  expect(second).not.toBe(first);
  for (const name of ["arrivedAt", "later", "startWhenIdle"] as const) expect(second[name]).toBe(first[name]);
});
