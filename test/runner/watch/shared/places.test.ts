import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { History } from "../../../../runner/history/history.js";
import { realServer } from "../../../support/real-servers.js";
import { type Redis, startRedis } from "../../../support/redis.js";
import { startReceiver } from "../watching.js";
import { type Program, start, startPlaces, startWatch, startWorker, suiteOf } from "./fleet.js";

const TIMEOUT = { timeout: 90_000, interval: 250 };

realServer("workers of three places", ["redis-server"], () => {
  let folder: string;
  let redis: Redis;
  let site: Awaited<ReturnType<typeof startPlaces>>;
  let receiver: Awaited<ReturnType<typeof startReceiver>>;
  const programs: Program[] = [];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "probe-run-places-"));
    redis = await startRedis({ isPersistent: true });
    site = await startPlaces();
    receiver = await startReceiver();
  });
  afterEach(async () => {
    await Promise.all(programs.splice(0).map((program) => program.kill()));
    await Promise.all([site.close(), receiver.close(), redis.stop()]);
    rmSync(folder, { recursive: true });
  });

  const watching = async (words: string, checks = 2): Promise<Program> => {
    writeFileSync(join(folder, "checks.yaml"), suiteOf(site.origin, checks, `${words}, notify: [{ to: "${receiver.url}" }]`));
    const watch = await startWatch(["--queue", redis.url, "--history", "history.db"], folder);
    programs.push(watch);
    return watch;
  };
  const work = (place: string | null, allowed?: string): Program => {
    const worker = startWorker(redis.url, place, folder, allowed);
    programs.push(worker);
    return worker;
  };
  const rows = <Row>(sql: string): Row[] => {
    const history = new History(join(folder, "history.db"));
    try {
      return history.driver.prepare(sql).all() as Row[];
    } finally {
      history.close();
    }
  };
  const outcomes = (): number[] => rows<{ outcome: number }>("SELECT outcome FROM results ORDER BY at DESC LIMIT 6").map(({ outcome }) => outcome);
  const reported = (): string[] => receiver.taken.map(({ data: { kind, check } }) => `${kind} ${check.replace("webapp.http ", "")}`);

  test("one that fails alone is a warning, two open an incident, and their recovery closes it", { timeout: 300_000 }, async () => {
    for (const place of ["fra", "nyc", "sgp"]) work(place);
    await watching("locations: [fra, nyc, sgp], quorum: 2, fire_after: 2, clear_after: 2");
    await expect.poll(() => outcomes().slice(0, 4), TIMEOUT).toEqual([0, 0, 0, 0]);
    site.down.add("/0@fra");
    await expect.poll(() => rows("SELECT reason FROM evidence WHERE reason LIKE 'at fra: %'").length, TIMEOUT).toBeGreaterThan(2);
    expect(reported()).toEqual([]);
    site.down.add("/0@sgp");
    await expect.poll(reported, TIMEOUT).toEqual(["error c0"]);
    expect(receiver.taken[0]?.data.reason).toMatch(/^at (fra, sgp|sgp, fra): /);
    site.down.clear();
    await expect.poll(reported, TIMEOUT).toEqual(["error c0", "recovered c0"]);
  });

  test("without locations any worker runs the checks; one that may not says why", { timeout: 300_000 }, async () => {
    const refused = work(null, "public");
    await watching("fire_after: 1, clear_after: 1", 1);
    await expect.poll(() => rows("SELECT 1 FROM evidence WHERE reason LIKE '%is not a public address%'").length, TIMEOUT).toBeGreaterThan(1);
    await refused.kill();
    work(null);
    await expect.poll(() => outcomes().slice(0, 2), TIMEOUT).toEqual([0, 0]);
    expect(reported()).toEqual([]);
  });

  test("a queue of another suite is refused", { timeout: 200_000 }, async () => {
    await watching("fire_after: 1", 1);
    writeFileSync(join(folder, "checks.yaml"), suiteOf(site.origin, 1, "fire_after: 1").replace("name: places", "name: others"));
    const stranger = start(["watch", "checks.yaml", "--queue", redis.url, "--history", "other.db"], folder);
    programs.push(stranger);
    await expect.poll(() => stranger.child.exitCode, TIMEOUT).toBe(2);
    expect(stranger.text()).toContain('it belongs to the watch of "places"');
  });
});
