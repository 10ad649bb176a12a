import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { Queue, Worker } from "bullmq";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { NO_LIMITS } from "../../../runner/limits/limits.js";
import type { Backend, Channel, Delivery } from "../../../runner/queue/backend.js";
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
  const claim = (waitMs = 0, leaseMs = 60_000) => jobs.claim({ most: 10, leaseMs, waitMs, limits: NO_LIMITS });
  const settle = (delivery: Delivery | undefined, outcome: Parameters<Channel["settle"]>[0][number]["outcome"]) =>
    jobs.settle([{ delivery: delivery as Delivery, outcome }]);

  test("BullMQ sees each job in its state", async () => {
    await jobs.push([message("a"), message("b"), message("c"), message("d"), message("later", { delayMs: 60_000 })]);
    const [a, b] = await jobs.claim({ most: 3, leaseMs: 60_000, waitMs: 0, limits: NO_LIMITS });
    await settle(a, { kind: "done", result: null });
    await settle(b, { kind: "dead", failure: lastFailure("worker_error", "it threw") });
    expect(await bullMq.getJobCounts()).toMatchObject({ active: 1, prioritized: 1, completed: 1, failed: 1, delayed: 1 });
    const [failed] = await bullMq.getFailed();
    expect(failed).toMatchObject({ id: "m-b", failedReason: "it threw", data: message("b").body, attemptsMade: 1 });
  });

  test("a job that BullMQ adds is claimed, its data as the body", async () => {
    const event = { specversion: "1.0", id: "from-elsewhere" };
    await bullMq.add("job", event, { jobId: "from-elsewhere" });
    await bullMq.add("job", event);
    const [first, second] = await claim();
    expect(first).toMatchObject({ id: "from-elsewhere", body: JSON.stringify(event), key: null, attempt: 1 });
    expect(second).toMatchObject({ id: "2" });
    expect(await settle(first, { kind: "retry", afterMs: 1, failure: lastFailure("worker_error", "once more") })).toEqual(["stored"]);
    expect(await claim(2000)).toMatchObject([{ id: "from-elsewhere", attempt: 2 }]);
  });

  test("a claim that waits is woken by what BullMQ adds", async () => {
    const waiting = claim(10_000);
    const asked = performance.now();
    await bullMq.add("job", {});
    expect(await waiting).toHaveLength(1);
    expect(performance.now() - asked).toBeLessThan(1000);
  });

  test("a worker of BullMQ works our jobs off, and takes none that is leased", async () => {
    await jobs.push([message("ours"), message("theirs", { priority: 0 })]);
    const [ours] = await jobs.claim({ most: 1, leaseMs: 60_000, waitMs: 0, limits: NO_LIMITS });
    const worked: string[] = [];
    const worker = new Worker("jobs", async (job) => worked.push(String(job.id)), { ...options, stalledInterval: 100 });
    try {
      await once(worker, "completed");
      // Two looks for jobs whose lock is gone.
      await new Promise((resolve) => setTimeout(resolve, 300));
    } finally {
      await worker.close();
    }
    expect(worked).toEqual(["m-theirs"]);
    expect(await settle(ours, { kind: "done", result: null })).toEqual(["stored"]);
    expect(await jobs.counts()).toMatchObject({ waiting: 0, leased: 0, done: 2 });
  });

  test("any id is told from any other, and from BullMQ's own keys", async () => {
    const ids = ["meta", "wait", "42", "a", "a:lock", "a%3Alock", "a:logs", "m-a", "ü 📬", "events"];
    expect(await jobs.push(ids.map((id) => message(id)))).toEqual(ids.map(() => "accepted"));
    const claimed = await claim();
    expect(claimed.map(({ id }) => id)).toEqual(ids);
    expect(await jobs.settle(claimed.map((delivery) => ({ delivery, outcome: { kind: "done", result: message(`${delivery.id}:result`) } })))).toEqual(
      ids.map(() => "stored"),
    );
    expect(await jobs.push(ids.map((id) => message(id)))).toEqual(ids.map(() => "duplicate"));
  });

  test("the clock of a worker moves nothing: the server's counts", async () => {
    await jobs.push([message("leased"), message("done"), message("later", { delayMs: 3000 })]);
    const [leased, done] = await claim();
    await settle(done, { kind: "done", result: null });
    for (const jump of [-86_400_000 * 365, 86_400_000 * 365]) {
      vi.useFakeTimers({ now: Date.now() + jump, toFake: ["Date"] });
      expect(await claim()).toEqual([]);
      expect(await jobs.push([message("done")])).toEqual(["duplicate"]);
      expect(await jobs.extend([leased as Delivery], 60_000)).toEqual([]);
      expect(await jobs.counts()).toMatchObject({ leased: 1, delayed: 1, done: 1 });
      vi.useRealTimers();
    }
    expect(await claim(10_000)).toMatchObject([{ id: "later" }]);
  });

  test("what BullMQ's tools take away while it is leased is lost, and nothing else", async () => {
    await jobs.push([message("a"), message("b")]);
    const [a, b] = await claim();
    await bullMq.obliterate({ force: true });
    expect(await settle(a, { kind: "done", result: null })).toEqual(["lost"]);
    expect(await jobs.extend([b as Delivery], 1000)).toEqual([b]);
    await jobs.push([message("c")]);
    expect(await claim()).toMatchObject([{ id: "c" }]);
  });

  test("a thousand keys at their limit are passed by, and each goes on in its order", async () => {
    const keys = Array.from({ length: 1000 }, (_, index) => `mx-${index}`);
    await jobs.push([1, 2].flatMap((turn) => keys.map((key) => message(`${key}/${turn}`, { key }))));
    await jobs.push([message("free")]);
    const limits = { ...NO_LIMITS, eachKey: { atOnce: 1, rate: null } };
    const first: Delivery[] = [];
    for (;;) {
      const some = await jobs.claim({ most: 200, leaseMs: 60_000, waitMs: 0, limits });
      if (some.length === 0) break;
      first.push(...some);
    }
    expect(first.map(({ id }) => id)).toEqual([...keys.map((key) => `${key}/1`), "free"]);
    expect(await jobs.counts()).toMatchObject({ waiting: 1000, leased: 1001 });
    await jobs.settle(first.slice(0, 10).map((delivery) => ({ delivery, outcome: { kind: "done", result: null } })));
    const second = await jobs.claim({ most: 200, leaseMs: 60_000, waitMs: 0, limits });
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
