import { expect, test } from "vitest";
import { realServer } from "../../../support/real-servers.js";
import { areAlike, differences, type Facts, openFleet, reportedBy } from "./fleet.js";

const CHECKS = 5;
const TIMEOUT = { timeout: 60_000, interval: 250 };

/** Runs that a history holds, by the path that they request. */
function runsOf({ measured }: Facts, other: Facts): Map<string, number> {
  const runs = new Map<string, number>();
  for (const slot of new Set([...measured, ...other.measured])) {
    const path = `/${slot.split("@")[0]?.slice(1)}`;
    runs.set(path, (runs.get(path) ?? 0) + 1);
  }
  return new Map([...runs].sort());
}

/** Case 3 of the ten hard cases of watching.md, section 9. */
realServer("two watches with the same file and queue", ["redis-server"], () => {
  test("3. each slot is run once, and each alert is sent once", { timeout: 240_000 }, async () => {
    const fleet = await openFleet();
    const { site, receiver } = fleet;
    try {
      fleet.write(CHECKS, "locations: [fra], fire_after: 1, clear_after: 1");
      const worker = fleet.work("fra");
      const watches = await Promise.all([fleet.watch("one.db"), fleet.watch("two.db")]);
      const both = (): [Facts, Facts] => [fleet.facts("one.db"), fleet.facts("two.db")];
      await expect.poll(() => Math.min(...both().map(({ measured }) => measured.size)), TIMEOUT).toBeGreaterThan(3 * CHECKS);
      site.down.add("/0");
      await expect.poll(() => reportedBy(receiver), TIMEOUT).toEqual(["error c0"]);
      site.down.clear();
      await expect.poll(() => reportedBy(receiver), TIMEOUT).toEqual(["error c0", "recovered c0"]);
      // It ends what it has begun, and the watches take its last results.
      await worker.kill("SIGTERM");
      await expect.poll(() => runsOf(...both()), TIMEOUT).toEqual(new Map([...site.asked].sort()));
      await expect.poll(() => areAlike(both()), TIMEOUT).toBe(true);
      const waiting = (): number => both().reduce((sum, { outbox }) => sum + outbox.filter(({ ended_at: end }) => end === null).length, 0);
      await expect.poll(waiting, TIMEOUT).toBe(0);
      await Promise.all(watches.map((watch) => watch.kill("SIGTERM")));

      const [one, two] = both();
      expect(differences(one, two)).toEqual([]);
      expect(two.incidents).toEqual(one.incidents);
      expect(one.incidents).toHaveLength(1);
      expect(receiver.taken).toHaveLength(2);
      // Every request was one slot's, and every slot's jobs were one request: 1 s apart, as long as they ran.
      const ats = [...new Set([...one.measured, ...two.measured])].filter((slot) => slot.startsWith("c0@")).map((slot) => Number(slot.split("@")[1]));
      expect(new Set(ats.map((at) => at % 1000)).size).toBe(1);
      // Each watch has the alert in its outbox, and the receiver got it from one of them.
      expect(two.outbox.map(({ id }) => id)).toEqual(one.outbox.map(({ id }) => id));
      expect(receiver.taken.map(({ id }) => id).sort()).toEqual(one.outbox.map(({ id }) => id));
      expect(receiver.attempts).toHaveLength(2);
    } finally {
      await fleet.close();
    }
  });
});
