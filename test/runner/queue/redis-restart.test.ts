import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { NO_LIMITS } from "../../../runner/limits/limits.js";
import type { Backend, Channel, LeasedMessage } from "../../../runner/queue/backend.js";
import { BACKEND_DEFAULTS } from "../../../runner/queue/backend-options.js";
import { openRedis } from "../../../runner/queue/redis/backend.js";
import { realServer } from "../../support/real-servers.js";
import { type Redis, type RedisSettings, startRedis } from "../../support/redis.js";
import { message } from "./backend-contract.js";

realServer("a Redis that goes away and comes back", ["redis-server"], () => {
  let redis: Redis;
  let backend: Backend;
  let jobs: Channel;

  const start = async (settings: RedisSettings): Promise<void> => {
    redis = await startRedis(settings);
    backend = await openRedis(redis.url, BACKEND_DEFAULTS);
    jobs = backend.jobs as Channel;
  };
  afterEach(async () => {
    await backend.close();
    await redis.stop();
  });
  const claim = (waitMs = 0, leaseMs = 60_000) => jobs.claim({ max: 10, leaseMs, waitMs, limits: NO_LIMITS });

  test("accepted messages are there, and a push waits for the restart", async () => {
    await start({ isPersistent: true });
    await jobs.push([message("before")]);
    await redis.kill();
    const pushed = jobs.push([message("meanwhile")]);
    await sleep(300);
    await redis.start();
    expect(await pushed).toEqual(["accepted"]);
    expect((await claim()).map(({ id }) => id)).toEqual(["before", "meanwhile"]);
  });

  test("a waiting claim continues, and gets new messages", async () => {
    await start({ isPersistent: true });
    const waiting = claim(10_000);
    await sleep(50);
    await redis.kill();
    await sleep(300);
    await redis.start();
    await jobs.push([message("a")]);
    expect((await waiting).map(({ id }) => id)).toEqual(["a"]);
  });

  test("leases survive it: their holders settle them", async () => {
    await start({ isPersistent: true });
    await jobs.push([message("a")]);
    const [leased] = await claim();
    await redis.kill();
    await redis.start();
    expect(await claim()).toEqual([]);
    expect(await jobs.settle([{ message: leased as LeasedMessage, outcome: { kind: "done", result: message("a:result") } }])).toEqual(["stored"]);
  });

  test("a long absence is reported", async () => {
    await start({ isPersistent: true });
    await redis.kill();
    await expect(jobs.push([message("a")])).rejects.toMatchObject({ code: "unreachable", message: expect.stringContaining(`no connection to ${redis.url}: `) });
    await redis.start();
    expect(await jobs.push([message("b")])).toEqual(["accepted"]);
  });

  test("closing does not wait for it", async () => {
    await start({ isPersistent: true });
    const waiting = claim(60_000);
    await sleep(50);
    await redis.kill();
    const asked = performance.now();
    await backend.close();
    expect(await waiting).toEqual([]);
    await expect(jobs.push([message("a")])).rejects.toMatchObject({ code: "closed" });
    // A single command would be retried for about five seconds.
    expect(performance.now() - asked).toBeLessThan(3000);
  });

  test("a server without persistence forgets everything, and causes a warning when it is opened", async () => {
    const warned = once(process, "warning") as Promise<[Error & { code: string }]>;
    await start({ isPersistent: false });
    const [warning] = await warned;
    expect(warning).toMatchObject({ code: "PROBE_RUN_VOLATILE_REDIS", message: expect.stringContaining("set appendonly yes") });
    await jobs.push([message("a")]);
    await redis.kill();
    await redis.start();
    expect(await jobs.counts()).toMatchObject({ waiting: 0 });
  });

  test("a server that may evict keys causes a warning, too", async () => {
    const warned = once(process, "warning") as Promise<[Error]>;
    await start({
      isPersistent: true,
      more: [
        ["maxmemory", "100mb"],
        ["maxmemory-policy", "allkeys-lru"],
      ],
    });
    const [warning] = await warned;
    expect(warning.message).toContain("it evicts keys, and so jobs, when its memory is full (allkeys-lru)");
  });
});
