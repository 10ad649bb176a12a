import { afterEach, beforeEach, expect, test } from "vitest";
import type { Backend, Channel } from "../../../runner/queue/backend.js";
import { BACKEND_DEFAULTS } from "../../../runner/queue/backend-options.js";
import { openRedis } from "../../../runner/queue/redis/backend.js";
import { freePorts } from "../../support/free-ports.js";
import { realServer } from "../../support/real-servers.js";
import { type Redis, type RedisSettings, startRedis } from "../../support/redis.js";
import { message } from "./backend-contract.js";

realServer("what goes wrong with a queue on Redis", ["redis-server"], () => {
  let redis: Redis | null = null;
  const opened: Backend[] = [];

  beforeEach(() => {
    redis = null;
  });
  afterEach(async () => {
    for (const backend of opened.splice(0)) await backend.close();
    await redis?.stop();
  });

  const start = async (settings: Partial<RedisSettings> = {}): Promise<Redis> => {
    redis = await startRedis({ isPersistent: true, ...settings });
    return redis;
  };
  const open = async (url: string, mayCreate = true): Promise<Channel> => {
    const backend = await openRedis(url, { ...BACKEND_DEFAULTS, mayCreate });
    opened.push(backend);
    return backend.jobs as Channel;
  };

  test("no server: the address and the reason are reported", async () => {
    const [port = 0] = await freePorts(1);
    await expect(open(`redis://user:secret@127.0.0.1:${port}/0`)).rejects.toMatchObject({
      code: "unreachable",
      message: expect.stringMatching(
        new RegExp(`^no connection to redis://127\\.0\\.0\\.1:${port}/0: connect ECONNREFUSED .*Check that Redis is running there`),
      ),
    });
  });

  test("a wrong password, and a missing one, are reported at once without the password", async () => {
    const { port } = await start({ more: [["requirepass", "correct-horse"]] });
    const asked = performance.now();
    const wrong = await open(`redis://:battery-staple@127.0.0.1:${port}/0`).catch((error: unknown) => error);
    expect(wrong).toMatchObject({ code: "refused", message: expect.stringContaining("the password is wrong") });
    expect((wrong as Error).message).not.toContain("battery-staple");
    await expect(open(`redis://127.0.0.1:${port}/0`)).rejects.toMatchObject({ code: "refused", message: expect.stringContaining("it requires a password") });
    expect(performance.now() - asked).toBeLessThan(3000);
    expect(await (await open(`redis://:correct-horse@127.0.0.1:${port}/0`)).push([message("a")])).toEqual(["accepted"]);
  });

  test("no memory left: it is reported, and accepted messages stay", async () => {
    const { url } = await start({ more: [["maxmemory", "4mb"]] });
    const jobs = await open(url);
    await jobs.push([message("first")]);
    const fill = async (): Promise<never> => {
      for (let index = 0; ; index++) await jobs.push([{ ...message(`m${index}`), body: "x".repeat(200_000) }]);
    };
    await expect(fill()).rejects.toMatchObject({ code: "full", message: expect.stringContaining("its memory is full (maxmemory)") });
    expect((await jobs.counts()).waiting).toBeGreaterThan(1);
    expect(await jobs.purge("waiting")).toBeGreaterThan(1);
  });

  test("an unwritable disk: nothing is accepted", async () => {
    const server = await start({ isPersistent: false, more: [["save", "3600 1"]] });
    const jobs = await open(server.url);
    await jobs.push([message("a")]);
    await server.loseDisk();
    await expect(jobs.push([message("b")])).rejects.toMatchObject({ code: "full", message: expect.stringContaining("cannot write to its disk") });
  });

  test("a user without permission", async () => {
    const { port, url } = await start({ more: [["user", "reader on >secret ~* +@read +@connection +info"]] });
    await open(url);
    const jobs = await open(`redis://reader:secret@127.0.0.1:${port}/0`);
    await expect(jobs.push([message("a")])).rejects.toMatchObject({ code: "read_only", message: expect.stringContaining("may not run a command") });
  });

  test("a read-only replica", async () => {
    const [closedPort = 0] = await freePorts(1);
    const { url } = await start({ more: [["replicaof", `127.0.0.1 ${closedPort}`]] });
    const jobs = await open(url);
    await expect(jobs.push([message("a")])).rejects.toMatchObject({ code: "unreachable", message: expect.stringContaining("it is a read-only replica") });
  });

  test("a command that only reads creates no queue", async () => {
    const { url } = await start();
    await expect(open(url, false)).rejects.toMatchObject({ code: "not_a_queue", message: expect.stringContaining(`there is no queue at ${url}`) });
    await open(url);
    expect(await (await open(url, false)).counts()).toMatchObject({ waiting: 0 });
  });

  test("after close() every call fails, and waiting calls end", async () => {
    const { url } = await start();
    const jobs = await open(url);
    const waiting = jobs.claim({ max: 1, leaseMs: 1000, waitMs: 60_000, limits: { all: null, eachKey: null, keys: {} } });
    await new Promise((resolve) => setTimeout(resolve, 50));
    await opened.pop()?.close();
    expect(await waiting).toEqual([]);
    await expect(jobs.push([message("a")])).rejects.toMatchObject({ code: "closed" });
    await expect(jobs.counts()).rejects.toMatchObject({ code: "closed" });
  });
});
