import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { realServer } from "../../../support/real-servers.js";
import { startRedis } from "../../../support/redis.js";
import { startReceiver } from "../watching.js";
import { type Facts, factsOf, type Program, startPlaces, startWatch, startWorker, suiteOf } from "./fleet.js";

const CHECKS = 12;
const ROUNDS = 6;
const PLACES = ["fra", "nyc", "sgp"];

realServer("two watches of one suite, and workers of three places", ["redis-server"], () => {
  test("killed in turn: the same incidents in both, every change reported, no id for two changes", { timeout: 240_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), "probe-run-watches-"));
    const redis = await startRedis({ isPersistent: true });
    const site = await startPlaces();
    const receiver = await startReceiver((count) => (count % 20 === 0 ? 503 : 200));
    const programs: Program[] = PLACES.map((place) => startWorker(redis.url, place, folder));
    try {
      const words = `locations: [${PLACES.join(", ")}], quorum: 2, fire_after: 1, clear_after: 1, notify: [{ to: "${receiver.url}" }]`;
      writeFileSync(join(folder, "checks.yaml"), suiteOf(site.origin, CHECKS, words));
      const words2 = ["one.db", "two.db"].map((file) => ["--queue", redis.url, "--history", file]);
      const watches = await Promise.all(words2.map((each) => startWatch(each, folder)));
      programs.push(...watches);
      const files = ["one.db", "two.db"].map((file) => join(folder, file));
      await expect.poll(() => Math.min(...files.map((file) => factsOf(file).results.size)), { timeout: 60_000, interval: 250 }).toBeGreaterThan(0);
      for (let round = 0; round < ROUNDS; round++) {
        for (let index = 0; index < CHECKS; index++) {
          const places = (index + round) % 3 === 0 ? ["fra", "sgp"] : (index + round) % 3 === 1 ? ["nyc"] : [];
          for (const place of PLACES) site.down[places.includes(place) ? "add" : "delete"](`/${index}@${place}`);
        }
        await sleep(1500 + Math.random() * 1500);
        const victim = round % 2;
        await (watches[victim] as Program).kill();
        await sleep(Math.random() * 1500);
        watches[victim] = await startWatch(words2[victim] as string[], folder);
        programs.push(watches[victim] as Program);
      }
      site.down.clear();
      const unfinished = (): number =>
        files.map(factsOf).reduce((sum, facts) => {
          const open = facts.incidents.filter(({ closed_at: end }) => end === null).length;
          return sum + open + facts.outbox.filter(({ ended_at: end }) => end === null).length;
        }, 0);
      await expect.poll(unfinished, { timeout: 90_000, interval: 500 }).toBe(0);
      await Promise.all(watches.map((watch) => watch.kill()));

      const [one, two] = files.map(factsOf) as [Facts, Facts];
      expect(one.incidents.length).toBeGreaterThan(CHECKS / 2);
      expect(two.incidents).toEqual(one.incidents);
      const both = [...one.results].filter(([slot]) => two.results.has(slot));
      expect(both.length).toBeGreaterThan(CHECKS * 5);
      expect(both.filter(([slot, outcome]) => two.results.get(slot) !== outcome)).toEqual([]);
      expect(two.outbox.map(({ id, body }) => `${id} ${body}`)).toEqual(one.outbox.map(({ id, body }) => `${id} ${body}`));
      expect([...new Set(receiver.taken.map(({ id }) => id))].sort()).toEqual(one.outbox.map(({ id }) => id));
      const received = new Set(receiver.taken.map((event) => `${event.id} ${JSON.stringify(event)}`));
      expect(received.size).toBe(one.outbox.length);
      // What is sent twice was under way when its watch was killed.
      expect(receiver.taken.length - received.size).toBeLessThanOrEqual(ROUNDS);
    } finally {
      await Promise.all(programs.map((program) => program.kill()));
      await Promise.all([site.close(), receiver.close(), redis.stop()]);
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
