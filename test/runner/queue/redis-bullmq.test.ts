import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { Queue, Worker } from "bullmq";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { NO_LIMITS } from "../../../runner/limits/limits.js";
import type { Backend, Channel, LeasedMessage } from "../../../runner/queue/backend.js";
import { BACKEND_DEFAULTS } from "../../../runner/queue/backend-options.js";
import { lastFailure } from "../../../runner/queue/last-failure.js";
import { openRedis } from "../../../runner/queue/redis/backend.js";
import { realServer } from "../../support/real-servers.js";
import { type Redis, startRedis } from "../../support/redis.js";
import { message } from "./backend-contract.js";

realServer("a queue on Redis beside BullMQ's own means", ["redis-server"], () => {
  let redis: Redis;
  let backend: Backend;
  let jobs: Channel;
  let bullMq: Queue;
  let options: { connection: { host: string; port: number }; prefix: string };

  beforeAll(async () => {
    redis = await startRedis({ isPersistent: true });
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    const prefix = randomUUID();
    backend = await openRedis(`${redis.url}?prefix=${prefix}`, BACKEND_DEFAULTS);
    jobs = backend.jobs as Channel;
    options = { connection: { host: "127.0.0.1", port: redis.port }, prefix: `{${prefix}}` };
    bullMq = new Queue("jobs", options);
  });
  afterEach(async () => {
    vi.useRealTimers();
    await bullMq.close();
    await backend.close();
  });
  const claim = (waitMs = 0, leaseMs = 60_000) => jobs.claim({ max: 10, leaseMs, waitMs, limits: NO_LIMITS });
  const settle = (leased: LeasedMessage | undefined, outcome: Parameters<Channel["settle"]>[0][number]["outcome"]) =>
    jobs.settle([{ message: leased as LeasedMessage, outcome }]);

  test("BullMQ sees each job in its state", async () => {
    await jobs.push([message("a"), message("b"), message("c"), message("d"), message("later", { delayMs: 60_000 })]);
    const [a, b] = await jobs.claim({ max: 3, leaseMs: 60_000, waitMs: 0, limits: NO_LIMITS });
    await settle(a, { kind: "done", result: null });
    await settle(b, { kind: "dead", failure: lastFailure("worker_error", "it threw") });
    expect(await bullMq.getJobCounts()).toMatchObject({ active: 1, prioritized: 1, completed: 1, failed: 1, delayed: 1 });
    const [failed] = await bullMq.getFailed();
    expect(failed).toMatchObject({ id: "m-b", failedReason: "it threw", data: JSON.parse(message("b").body), attemptsMade: 1 });
  });

  test("a job added by BullMQ is claimed, with its data as the body", async () => {
    const event = { specversion: "1.0", id: "from-elsewhere" };
    await bullMq.add("job", event, { jobId: "from-elsewhere" });
    await bullMq.add("job", event);
    const [first, second] = await claim();
    expect(first).toMatchObject({ id: "from-elsewhere", body: JSON.stringify(event), key: null, attempt: 1 });
    expect(second).toMatchObject({ id: "2" });
    expect(await settle(first, { kind: "retry", afterMs: 1, failure: lastFailure("worker_error", "once more") })).toEqual(["stored"]);
    expect(await claim(2000)).toMatchObject([{ id: "from-elsewhere", attempt: 2 }]);
  });

  test("a waiting claim is woken by a job that BullMQ adds", async () => {
    const waiting = claim(10_000);
    const asked = performance.now();
    await bullMq.add("job", {});
    expect(await waiting).toHaveLength(1);
    expect(performance.now() - asked).toBeLessThan(1000);
  });

  test("a plain BullMQ Worker processes our jobs, and none that is leased", async () => {
    await jobs.push([message("ours"), message("theirs", { key: "mx.example", weight: 3 })]);
    const [ours] = await jobs.claim({ max: 1, leaseMs: 60_000, waitMs: 0, limits: NO_LIMITS });
    const processed: unknown[] = [];
    const worker = new Worker("jobs", async (job) => processed.push(job.data), { ...options, stalledInterval: 100 });
    try {
      await once(worker, "completed");
      // Two checks for jobs whose lock has expired.
      await new Promise((resolve) => setTimeout(resolve, 300));
    } finally {
      await worker.close();
    }
    expect(processed).toEqual([{ ...JSON.parse(message("theirs").body), queuekey: "mx.example", queueweight: 3 }]);
    expect(await settle(ours, { kind: "done", result: null })).toEqual(["stored"]);
    expect(await jobs.counts()).toMatchObject({ waiting: 0, leased: 0, done: 2 });
  });

  test("a plain BullMQ Worker and ours share a queue, and process each job once", async () => {
    const ids = Array.from({ length: 60 }, (_, index) => `m${index}`);
    const processed: string[] = [];
    const worker = new Worker("jobs", async (job) => processed.push(job.data.id), options);
    try {
      await jobs.push(ids.map((id) => message(id)));
      while (processed.length < ids.length) {
        const claimed = await claim(50);
        processed.push(...claimed.map(({ id }) => id));
        await jobs.settle(claimed.map((leased) => ({ message: leased, outcome: { kind: "done", result: null } })));
      }
    } finally {
      await worker.close();
    }
    expect(processed.sort()).toEqual([...ids].sort());
    expect(await jobs.counts()).toMatchObject({ waiting: 0, leased: 0, done: 60 });
  });

  test("a job added by a plain BullMQ Queue may have a key, waits for its delay, and completes as BullMQ's", async () => {
    const job = await bullMq.add("anything", { id: "x", queuekey: "mx.example" }, { delay: 3000, priority: 2 });
    expect(await claim()).toEqual([]);
    const [lease] = await claim(10_000);
    expect(lease).toMatchObject({ body: '{"id":"x"}', key: "mx.example", attempt: 1 });
    expect(await settle(lease, { kind: "done", result: message("x:result") })).toEqual(["stored"]);
    expect(await (await bullMq.getJob(String(job.id)))?.isCompleted()).toBe(true);
  });

  test("data that cannot be serialised is an empty body, and blocks nothing", async () => {
    let data: unknown = {};
    for (let depth = 0; depth < 2000; depth++) data = [data];
    await bullMq.add("deep", data as object);
    await jobs.push([message("after")]);
    expect((await claim()).length).toBe(2);
  });

  test("a dead job retried by a BullMQ tool has all its attempts again", async () => {
    await jobs.push([message("a")]);
    await settle((await claim())[0], { kind: "dead", failure: lastFailure("worker_error", "it threw") });
    await (await bullMq.getJob("m-a"))?.retry();
    expect(await claim(2000)).toMatchObject([{ id: "a", attempt: 1, lastFailure: null }]);
  });

  test("a held job removed by a BullMQ tool blocks no other of its key", async () => {
    await jobs.push(["a1", "a2", "a3"].map((id) => message(id, { key: "a" })));
    const limits = { ...NO_LIMITS, eachKey: { atOnce: 1, rate: null } };
    const request = { max: 10, leaseMs: 60_000, waitMs: 0, limits };
    const [first] = await jobs.claim(request);
    await (await bullMq.getJob("m-a2"))?.remove();
    await settle(first, { kind: "done", result: null });
    expect(await jobs.claim({ ...request, waitMs: 10_000 })).toMatchObject([{ id: "a3", attempt: 1 }]);
  });

  test("ids are distinct from each other, and from BullMQ's own keys", async () => {
    const ids = ["meta", "wait", "42", "a", "a:lock", "a%3Alock", "a:logs", "m-a", "ü 📬", "events"];
    expect(await jobs.push(ids.map((id) => message(id)))).toEqual(ids.map(() => "accepted"));
    const claimed = await claim();
    expect(claimed.map(({ id }) => id)).toEqual(ids);
    expect(await jobs.settle(claimed.map((leased) => ({ message: leased, outcome: { kind: "done", result: message(`${leased.id}:result`) } })))).toEqual(
      ids.map(() => "stored"),
    );
    expect(await jobs.push(ids.map((id) => message(id)))).toEqual(ids.map(() => "duplicate"));
  });

  test("a worker's clock affects no lease; delays and retention follow it, as BullMQ's do", async () => {
    await jobs.push([message("leased"), message("done"), message("later", { delayMs: 60_000 })]);
    const [leased, done] = await claim();
    await settle(done, { kind: "done", result: null });
    vi.useFakeTimers({ now: Date.now() - 86_400_000 * 365, toFake: ["Date"] });
    expect(await claim()).toEqual([]);
    expect(await jobs.push([message("done")])).toEqual(["duplicate"]);
    expect(await jobs.extend([leased as LeasedMessage], 60_000)).toEqual([]);
    expect(await jobs.counts()).toMatchObject({ leased: 1, delayed: 1, done: 1 });
    vi.useFakeTimers({ now: Date.now() + 2 * 86_400_000 * 365, toFake: ["Date"] });
    expect(await jobs.extend([leased as LeasedMessage], 60_000)).toEqual([]);
    expect(await claim()).toMatchObject([{ id: "later" }]);
    expect(await jobs.push([message("done")])).toEqual(["accepted"]);
    vi.useRealTimers();
    expect(await settle(leased, { kind: "done", result: null })).toEqual(["stored"]);
  });

  test("a leased job removed by a BullMQ tool is lost, and nothing else", async () => {
    await jobs.push([message("a"), message("b")]);
    const [a, b] = await claim();
    await bullMq.obliterate({ force: true });
    expect(await settle(a, { kind: "done", result: null })).toEqual(["lost"]);
    expect(await jobs.extend([b as LeasedMessage], 1000)).toEqual([b]);
    await jobs.push([message("c")]);
    expect(await claim()).toMatchObject([{ id: "c" }]);
  });

  test("a thousand keys at their limit are skipped, and each continues in its order", async () => {
    const keys = Array.from({ length: 1000 }, (_, index) => `mx-${index}`);
    await jobs.push([1, 2].flatMap((turn) => keys.map((key) => message(`${key}/${turn}`, { key }))));
    await jobs.push([message("free")]);
    const limits = { ...NO_LIMITS, eachKey: { atOnce: 1, rate: null } };
    const first: LeasedMessage[] = [];
    for (;;) {
      const some = await jobs.claim({ max: 200, leaseMs: 60_000, waitMs: 0, limits });
      if (some.length === 0) break;
      first.push(...some);
    }
    expect(first.map(({ id }) => id)).toEqual([...keys.map((key) => `${key}/1`), "free"]);
    expect(await jobs.counts()).toMatchObject({ waiting: 1000, leased: 1001 });
    await jobs.settle(first.slice(0, 10).map((leased) => ({ message: leased, outcome: { kind: "done", result: null } })));
    const second = await jobs.claim({ max: 200, leaseMs: 60_000, waitMs: 0, limits });
    expect(second.map(({ id }) => id).sort()).toEqual(
      keys
        .slice(0, 10)
        .map((key) => `${key}/2`)
        .sort(),
    );
    expect(await jobs.purge("waiting")).toBe(990);
    expect(await jobs.counts()).toMatchObject({ waiting: 0 });
  });
});
