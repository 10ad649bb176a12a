import { Redis as Client } from "ioredis";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { openLog } from "../../../runner/queue/open-log.js";
import type { SharedLog } from "../../../runner/queue/shared-log.js";
import { realServer } from "../../support/real-servers.js";
import { type Redis, startRedis } from "../../support/redis.js";

const AHEAD_MS = 3_600_000;

realServer("a log on a Redis whose clock was set back by an hour", ["redis-server"], () => {
  let redis: Redis;
  let client: Client;
  let log: SharedLog;
  let base: string;

  beforeAll(async () => {
    redis = await startRedis({ isPersistent: false });
    client = new Client(redis.url, { lazyConnect: false });
  });
  beforeEach(async () => {
    await client.flushall();
    log = await openLog(redis.url, "watch");
    await log.append(["first"]);
    const [key = ""] = await client.keys("*watch:log");
    base = key.slice(0, -"log".length);
    // What was appended before: a stream gives later ids only.
    await client.xadd(key, `${Date.now() + AHEAD_MS}-0`, "e", "of the old time", "t", String(Date.now() + AHEAD_MS));
    return () => log.close();
  });
  afterAll(async () => {
    client.disconnect();
    await redis.stop();
  });

  test("entries come in order and have the time at which they were appended", async () => {
    const before = Date.now();
    await log.append(["a", "b"]);
    const { entries, newest } = await log.read(null, 10);
    expect(entries.map(({ text }) => text)).toEqual(["first", "of the old time", "a", "b"]);
    const added = entries.slice(2);
    for (const { at } of added) expect(Math.abs(at - before)).toBeLessThan(AHEAD_MS / 2);
    expect(newest).toBe(added.at(-1)?.id);
    expect((await log.read(newest, 10)).entries).toEqual([]);
    await log.append(["c"]);
    expect((await log.read(newest, 10)).entries.map(({ text }) => text)).toEqual(["c"]);
  });

  test("it is cut by how long it was, not by its ids", async () => {
    await log.append(Array.from({ length: 2000 }, (_, index) => `old ${index}`));
    const { newest } = await log.read(null, 1);
    // An hour of it, in stretches of a minute.
    const marks = Array.from({ length: 61 }, (_, index) => `${Date.now() - (61 - index) * 60_000} ${newest}`);
    await client.del(`${base}marks`);
    await client.rpush(`${base}marks`, ...marks);
    await log.append(["new"]);
    expect(await client.llen(`${base}marks`)).toBe(61);
    expect(await client.xlen(`${base}log`)).toBeLessThan(500);
    const { entries, keptSince } = await log.read(null, 5000);
    expect(keptSince).toBe(newest);
    expect(entries.at(-1)?.text).toBe("new");
  });

  test("what was held until a time that is far away now can be held by another", async () => {
    expect(await log.hold("receiver", "one", 15_000)).toBe(true);
    expect(await log.hold("receiver", "two", 15_000)).toBe(false);
    const [key = ""] = await client.keys("*sender:receiver");
    await client.pexpire(key, AHEAD_MS);
    expect(await log.hold("receiver", "two", 15_000)).toBe(true);
    expect(await log.hold("receiver", "one", 15_000)).toBe(false);
  });

  test("states of a later epoch replace those of a later moment, and not the other way", async () => {
    const save = (epoch: string | null, at: number, value: string): Promise<void> => log.saveStates([{ name: "check", epoch, at, value }]);
    const stored = async (): Promise<string | undefined> => (await log.states()).get("check");
    await save(null, 9000, "ahead");
    await save(null, 8000, "earlier");
    expect(await stored()).toBe("ahead");
    await save("5-0", 4000, "after it was set back");
    expect(await stored()).toBe("after it was set back");
    await save(null, 9500, "of the old time");
    await save("4-9", 9500, "of the old time");
    expect(await stored()).toBe("after it was set back");
    await save("5-0", 4001, "newer");
    await save("5-1", 1, "newest");
    expect(await stored()).toBe("newest");
  });
});
