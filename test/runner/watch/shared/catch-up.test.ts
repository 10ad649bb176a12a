import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { realServer } from "../../../support/real-servers.js";
import { openFleet } from "./fleet.js";

const TIMEOUT = { timeout: 90_000, interval: 250 };

realServer("two watches that were both stopped for a while", ["redis-server"], () => {
  test("catch_up: once: the slot that began meanwhile is run late, and once; those of another check are gaps", { timeout: 300_000 }, async () => {
    const fleet = await openFleet();
    const { site } = fleet;
    try {
      fleet.write(2, "locations: [fra]", { 0: "watch: { every: 15s, catch_up: once }", 1: "watch: { every: 5s }" });
      fleet.work("fra");
      const ats = (name: string): number[] => {
        const slots = new Set(["one.db", "two.db"].flatMap((file) => [...fleet.facts(file).measured]));
        return [...slots].filter((slot) => slot.startsWith(`${name}@`)).map((slot) => Number(slot.split("@")[1]));
      };
      const start = () => Promise.all([fleet.watch("one.db"), fleet.watch("two.db")]);
      const watches = await start();
      await expect.poll(() => Math.min(ats("c0").length, ats("c1").length), TIMEOUT).toBeGreaterThan(0);
      await Promise.all(watches.map((watch) => watch.kill()));
      const stoppedAt = Date.now();
      const [first = 0] = ats("c0");
      const slept = first + 15_000 * Math.ceil((stoppedAt - first) / 15_000);
      await sleep(Math.max(slept + 500, stoppedAt + 5500) - stoppedAt);
      const before = site.asked.get("/0") ?? 0;
      const startedAt = Date.now();
      await start();
      await expect.poll(() => ats("c0"), TIMEOUT).toContain(slept);
      await expect.poll(() => Math.max(...ats("c1")), TIMEOUT).toBeGreaterThan(startedAt);
      expect(ats("c1").filter((at) => at > stoppedAt && at < startedAt)).toEqual([]);
      // There are two watches, and one request for each slot.
      await expect.poll(() => (site.asked.get("/0") ?? 0) - before, TIMEOUT).toBe(ats("c0").filter((at) => at > stoppedAt).length);
    } finally {
      await fleet.close();
    }
  });
});
