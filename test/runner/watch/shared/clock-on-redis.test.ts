import { afterEach, expect, test, vi } from "vitest";
import { History } from "../../../../runner/history/history.js";
import { LocalHistory } from "../../../../runner/history/history-client.js";
import { createWorker } from "../../../../runner/queue/create-worker.js";
import { atLocation, LOCATION_OPTIONS } from "../../../../runner/queue/location.js";
import { openQueue } from "../../../../runner/queue/queue.js";
import { IN_MEMORY } from "../../../../runner/sqlite/store-path.js";
import { readSuite } from "../../../../runner/suite/read.js";
import { Book } from "../../../../runner/watch/book.js";
import { openShare } from "../../../../runner/watch/shared/share.js";
import { SharedWatcher } from "../../../../runner/watch/shared/shared-watcher.js";
import { watchPlanOf } from "../../../../runner/watch/watch-plan.js";
import { realServer } from "../../../support/real-servers.js";
import { openFleet, suiteOf } from "./fleet.js";

const TIMEOUT = { timeout: 60_000, interval: 250 };
const HOUR_MS = 3_600_000;

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

realServer("a watch and a worker whose clock is set back by an hour", ["redis-server"], () => {
  test("an outage of the hour that is passed through again is reported, and its end", { timeout: 200_000 }, async () => {
    const now = Date.now.bind(Date);
    let aheadMs = HOUR_MS;
    vi.spyOn(Date, "now").mockImplementation(() => now() + aheadMs);
    vi.stubEnv("PLACE", "token-of-fra");
    const fleet = await openFleet();
    const plan = await watchPlanOf(await readSuite("checks.yaml", suiteOf(fleet.site.origin, 1, "locations: [fra], fire_after: 2, clear_after: 1"), {}));
    const history = new History(IN_MEMORY);
    const changes: string[] = [];
    const options = {
      onChange: (_: unknown, { kind, opened_at: at }: { kind: string; opened_at: number }) => void changes.push(`${kind} ${at < now() ? "now" : "ahead"}`),
      onTrouble: () => undefined,
    };
    const book = await Book.open(plan, new LocalHistory(history, () => undefined), options, Date.now());
    const share = await openShare(plan, fleet.redis.url);
    const jobs = await openQueue(atLocation(fleet.redis.url, "fra"), LOCATION_OPTIONS);
    const worker = await createWorker(jobs, { location: "fra", allowTargets: ["127.0.0.0/8"], allowSecrets: ["env:PLACE"] });
    const errors: unknown[] = [];
    const measured: number[] = [];
    const watcher = new SharedWatcher(book, {
      ...share,
      onResult: (_, { at, outcome }) => void (outcome === "ok" && measured.push(at)),
      onReport: () => undefined,
      onCertificates: () => undefined,
      onHeartbeat: async () => undefined,
      onTrouble: (error) => errors.push(error),
      onError: (error) => errors.push(error),
    });
    const working = worker.run();
    try {
      watcher.start();
      await expect.poll(() => measured.length, TIMEOUT).toBeGreaterThan(2);
      expect(Math.min(...measured)).toBeGreaterThan(now());
      aheadMs = 0;
      await expect.poll(() => measured.filter((at) => at < now()).length, TIMEOUT).toBeGreaterThan(2);
      fleet.site.down.add("/0");
      await expect.poll(() => changes, TIMEOUT).toEqual(["error now"]);
      fleet.site.down.clear();
      await expect.poll(() => changes, TIMEOUT).toEqual(["error now", "recovered now"]);
      expect(errors).toEqual([]);
    } finally {
      await watcher.stop();
      await worker.stop(0);
      await working;
      await jobs.close();
      await share.close();
      history.close();
      await fleet.close();
    }
  });
});
