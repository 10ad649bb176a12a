import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { realServer } from "../../../support/real-servers.js";
import { differences, type Facts, openFleet, reportedBy, type Words } from "./fleet.js";

const PLACES = ["fra", "nyc", "sgp"];
const CHILDREN = [1, 2, 3, 4, 5];
const QUORUM = `locations: [${PLACES.join(", ")}], quorum: 2, fire_after: 1, clear_after: 1`;
const DEPENDING: Words = Object.fromEntries(CHILDREN.map((index) => [index, "watch: { depends_on: [c0] }"]));
const TIMEOUT = { timeout: 90_000, interval: 250 };
/** The last results of the one that has fewer of them. */
const fineAtTheEnd = (all: readonly Facts[], most: number): number =>
  Math.min(...all.map(({ results }) => [...results.values()].slice(-most).filter((outcome) => outcome === "ok").length));
const ALL = [0, ...CHILDREN].map((index) => `/${index}`);

realServer("two watches with a queue, and checks that depend on each other", ["redis-server"], () => {
  test("6. parent and children fail in the same second, children first: only the parent is reported", { timeout: 300_000 }, async () => {
    const fleet = await openFleet();
    const { site, receiver } = fleet;
    try {
      // The parent itself would be run far too late.
      fleet.write(ALL.length, QUORUM, { ...DEPENDING, 0: "watch: { every: 1h }" });
      for (const place of PLACES) fleet.work(place);
      const [first] = await Promise.all([fleet.watch("one.db"), fleet.watch("two.db")]);
      const facts = (): Facts[] => ["one.db", "two.db"].map(fleet.facts);
      await expect.poll(() => Math.min(...facts().map(({ measured }) => measured.size)), TIMEOUT).toBeGreaterThan(3 * CHILDREN.length);
      for (const path of ALL) site.down.add(path);
      await expect.poll(() => reportedBy(receiver), TIMEOUT).toEqual(["error c0"]);
      const suppressed = (): number => Math.min(...facts().map(({ results }) => [...results.values()].filter((outcome) => outcome === "suppressed").length));
      await expect.poll(suppressed, TIMEOUT).toBeGreaterThan(2 * CHILDREN.length);
      // One that is killed meanwhile reaches the same conclusions.
      await first.kill();
      await sleep(2000);
      await fleet.watch("one.db");
      site.down.clear();
      await expect.poll(() => fineAtTheEnd(facts(), 10), TIMEOUT).toBe(10);
      const [one, two] = facts() as [Facts, Facts];
      expect(differences(one, two)).toEqual([]);
      expect([...one.results].filter(([slot, outcome]) => !slot.startsWith("c0@") && outcome === "error")).toEqual([]);
      expect(two.incidents.map(({ name, opened_at: at }) => [name, at])).toEqual(one.incidents.map(({ name, opened_at: at }) => [name, at]));
      expect(one.incidents.map(({ name }) => name)).toEqual(["c0"]);
      expect(reportedBy(receiver).filter((line) => !line.endsWith(" c0"))).toEqual([]);
    } finally {
      await fleet.close();
    }
  });

  test("a child that fails alone is reported, after its parent was run", { timeout: 200_000 }, async () => {
    const fleet = await openFleet();
    const { site, receiver } = fleet;
    try {
      fleet.write(2, "locations: [fra], fire_after: 1, clear_after: 1", { 0: "watch: { every: 1h }", 1: "watch: { depends_on: [c0] }" });
      fleet.work("fra");
      await Promise.all([fleet.watch("one.db"), fleet.watch("two.db")]);
      await expect.poll(() => site.asked.get("/1") ?? 0, TIMEOUT).toBeGreaterThan(2);
      const before = site.asked.get("/0") ?? 0;
      site.down.add("/1");
      await expect.poll(() => reportedBy(receiver), TIMEOUT).toEqual(["error c1"]);
      expect(site.asked.get("/0") ?? 0).toBeGreaterThan(before);
      site.down.clear();
      await expect.poll(() => reportedBy(receiver), TIMEOUT).toEqual(["error c1", "recovered c1"]);
    } finally {
      await fleet.close();
    }
  });

  test("while every canary fails, failures are unknown, and there is one incident, of the watch itself", { timeout: 300_000 }, async () => {
    const fleet = await openFleet();
    const { site, receiver } = fleet;
    try {
      fleet.write(ALL.length, `${QUORUM}, canaries: [c0, c1]`);
      for (const place of PLACES) fleet.work(place);
      const [first] = await Promise.all([fleet.watch("one.db"), fleet.watch("two.db")]);
      const facts = (): Facts[] => ["one.db", "two.db"].map(fleet.facts);
      await expect.poll(() => Math.min(...facts().map(({ measured }) => measured.size)), TIMEOUT).toBeGreaterThan(2 * ALL.length);
      // One canary and another check: each fails by itself.
      for (const path of ["/1", "/2"]) site.down.add(path);
      await expect.poll(() => reportedBy(receiver).sort(), TIMEOUT).toEqual(["error c1", "error c2"]);
      site.down.clear();
      await expect.poll(() => reportedBy(receiver).length, TIMEOUT).toBe(4);

      const outageAt = Date.now();
      for (const path of ALL) site.down.add(path);
      await expect.poll(() => reportedBy(receiver).slice(4), TIMEOUT).toEqual(["error the watch itself"]);
      await sleep(2000);
      await first.kill();
      await sleep(1500);
      await fleet.watch("one.db");
      await sleep(2000);
      site.down.clear();
      await expect.poll(() => reportedBy(receiver).slice(4), TIMEOUT).toEqual(["error the watch itself", "recovered the watch itself"]);
      await expect.poll(() => fineAtTheEnd(facts(), 6), TIMEOUT).toBe(6);

      const [one, two] = facts() as [Facts, Facts];
      expect(differences(one, two)).toEqual([]);
      expect(two.incidents).toEqual(one.incidents);
      const since = [...one.results].filter(([slot]) => /^c\d/.test(slot) && Number(slot.split("@")[1]) > outageAt);
      expect(since.filter(([, outcome]) => outcome === "error")).toEqual([]);
      expect(since.filter(([, outcome]) => outcome === "unknown").length).toBeGreaterThan(3 * ALL.length);
      expect(two.outbox.map(({ id, body }) => `${id} ${body}`)).toEqual(one.outbox.map(({ id, body }) => `${id} ${body}`));
    } finally {
      await fleet.close();
    }
  });
});
