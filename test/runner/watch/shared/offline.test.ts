import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { realServer } from "../../../support/real-servers.js";
import { areAlike, differences, type Facts, openFleet, reportedBy, type Words } from "./fleet.js";

const CHECKS = 12;
const PATHS = Array.from({ length: CHECKS }, (_, index) => `/${index}`);
/** On a busy machine a run comes late, but within its slot. */
const SLOWLY: Words = Object.fromEntries(PATHS.map((_, index) => [index, "watch: { every: 3s }"]));
const TIMEOUT = { timeout: 90_000, interval: 250 };
const isOfCheck = ([slot]: readonly [string, string]): boolean => /^c\d+@/.test(slot);

realServer("two watches with a queue, whose workers are offline", ["redis-server"], () => {
  test("most checks fail at once: the watch is blind, and reports that once", { timeout: 300_000 }, async () => {
    const fleet = await openFleet();
    const { site, receiver } = fleet;
    try {
      fleet.write(CHECKS, "locations: [fra], fire_after: 3, clear_after: 1", SLOWLY);
      fleet.work("fra");
      const [first] = await Promise.all([fleet.watch("one.db"), fleet.watch("two.db")]);
      const facts = (): [Facts, Facts] => [fleet.facts("one.db"), fleet.facts("two.db")];
      await expect.poll(() => Math.min(...facts().map(({ measured }) => measured.size)), TIMEOUT).toBeGreaterThan(2 * CHECKS);
      for (const path of PATHS) site.down.add(path);
      await sleep(300);
      // One is killed while it begins, and is back while it lasts.
      await first.kill();
      await expect.poll(() => reportedBy(receiver), TIMEOUT).toEqual(["error the watch itself"]);
      await fleet.watch("one.db");
      await sleep(7000);
      site.down.clear();
      await expect.poll(() => reportedBy(receiver), TIMEOUT).toEqual(["error the watch itself", "recovered the watch itself"]);
      await sleep(2000);
      await expect.poll(() => areAlike(facts()), TIMEOUT).toBe(true);
      const [one, two] = facts();
      expect(differences(one, two)).toEqual([]);
      expect(two.incidents).toEqual(one.incidents);
      expect([...two.results].filter(isOfCheck).filter(([, outcome]) => outcome === "error")).toEqual([]);
      expect([...two.results].filter(isOfCheck).filter(([, outcome]) => outcome === "unknown").length).toBeGreaterThan(2 * CHECKS);
      expect(two.outbox.map(({ id, body }) => `${id} ${body}`)).toEqual(one.outbox.map(({ id, body }) => `${id} ${body}`));
    } finally {
      await fleet.close();
    }
  });

  test("a location that fails everything is reported, and the quorum counts without it", { timeout: 300_000 }, async () => {
    const fleet = await openFleet();
    const { site, receiver } = fleet;
    try {
      // With two locations, one failure would be half of the reports.
      fleet.write(CHECKS, "locations: [fra, nyc], quorum: 1, fire_after: 3, clear_after: 1", SLOWLY);
      for (const place of ["fra", "nyc"]) fleet.work(place);
      const [first] = await Promise.all([fleet.watch("one.db"), fleet.watch("two.db")]);
      const facts = (): [Facts, Facts] => [fleet.facts("one.db"), fleet.facts("two.db")];
      await expect.poll(() => Math.min(...facts().map(({ measured }) => measured.size)), TIMEOUT).toBeGreaterThan(2 * CHECKS);
      for (const path of PATHS) site.down.add(`${path}@fra`);
      await expect.poll(() => reportedBy(receiver), TIMEOUT).toEqual(["error location fra"]);
      await first.kill();
      await fleet.watch("one.db");
      await sleep(2000);
      site.down.add("/3@nyc");
      await expect.poll(() => reportedBy(receiver), TIMEOUT).toEqual(["error location fra", "error c3"]);
      site.down.clear();
      const end = ["error c3", "error location fra", "recovered c3", "recovered location fra"];
      await expect.poll(() => reportedBy(receiver).sort(), TIMEOUT).toEqual(end);
      await sleep(2000);
      await expect.poll(() => areAlike(facts()), TIMEOUT).toBe(true);
      const [one, two] = facts();
      expect(differences(one, two)).toEqual([]);
      expect(two.incidents).toEqual(one.incidents);
      expect(reportedBy(receiver)).toHaveLength(end.length);
    } finally {
      await fleet.close();
    }
  });
});
