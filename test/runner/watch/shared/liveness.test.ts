import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { History } from "../../../../runner/history/history.js";
import { LocalHistory } from "../../../../runner/history/history-client.js";
import { startHttpServer } from "../../../../runner/lab/http-server.js";
import { openLog } from "../../../../runner/queue/open-log.js";
import { IN_MEMORY } from "../../../../runner/sqlite/store-path.js";
import { readSuite } from "../../../../runner/suite/read.js";
import { Book } from "../../../../runner/watch/book.js";
import { Heartbeat } from "../../../../runner/watch/heartbeat.js";
import { openShare } from "../../../../runner/watch/shared/share.js";
import { SharedWatcher } from "../../../../runner/watch/shared/shared-watcher.js";
import { watchPlanOf } from "../../../../runner/watch/watch-plan.js";
import { realServer } from "../../../support/real-servers.js";
import { openFleet, suiteOf } from "./fleet.js";

const TIMEOUT = { timeout: 60_000, interval: 250 };

realServer("the heartbeat of watches whose checks workers run", ["redis-server"], () => {
  test("a watch is alive while workers report, and while the log can be read", { timeout: 200_000 }, async () => {
    const fleet = await openFleet();
    const text = suiteOf(fleet.site.origin, 1, "locations: [fra]");
    const plan = await watchPlanOf(await readSuite("checks.yaml", text, {}));
    const history = new History(IN_MEMORY);
    const book = await Book.open(plan, new LocalHistory(history, () => undefined), { onChange: () => undefined, onTrouble: () => undefined }, Date.now());
    const share = await openShare(plan, fleet.redis.url);
    const errors: unknown[] = [];
    let results = 0;
    const watcher = new SharedWatcher(book, {
      ...share,
      onResult: () => {
        results += 1;
      },
      onReport: () => undefined,
      onCertificates: () => undefined,
      onHeartbeat: async () => undefined,
      onTrouble: () => undefined,
      onError: (error) => errors.push(error),
    });
    try {
      watcher.start();
      const worker = fleet.work("fra");
      await expect.poll(() => results, TIMEOUT).toBeGreaterThan(1);
      expect(watcher.isAlive(Date.now())).toBe(true);
      await worker.kill();
      await expect.poll(() => watcher.isAlive(Date.now()), TIMEOUT).toBe(false);
      fleet.work("fra");
      await expect.poll(() => watcher.isAlive(Date.now()), TIMEOUT).toBe(true);
      // A minute in which the log cannot be read.
      await fleet.redis.kill();
      await sleep(500);
      expect(watcher.isAlive(Date.now() + 61_000)).toBe(false);
      await fleet.redis.start();
      expect(errors).toEqual([]);
    } finally {
      await watcher.stop();
      await share.close();
      history.close();
      await fleet.close();
    }
  });

  test("one of several watches sends it, and another one when that one is gone", { timeout: 100_000 }, async () => {
    const fleet = await openFleet();
    const asked: string[] = [];
    const server = await startHttpServer((path) => {
      asked.push(path);
      return { status: 200 };
    });
    const log = await openLog(fleet.redis.url, "watch");
    const beats = ["one", "two"].map(
      (name) =>
        new Heartbeat(
          {
            url: `${server.origin}/${name}`,
            isAlive: () => true,
            mayBeat: () => log.hold("heartbeat", name, 5000),
            tell: () => undefined,
          },
          100,
        ),
    );
    try {
      await expect.poll(() => asked.length, TIMEOUT).toBeGreaterThan(5);
      const [first] = asked;
      expect(new Set(asked)).toEqual(new Set([first]));
      beats[first === "/one" ? 0 : 1]?.close();
      await expect.poll(() => new Set(asked).size, TIMEOUT).toBe(2);
    } finally {
      for (const beat of beats) beat.close();
      await log.close();
      await server.close();
      await fleet.close();
    }
  });
});
