import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis as Client } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createWorker } from "../../../runner/queue/create-worker.js";
import { openQueue, type Queue } from "../../../runner/queue/queue.js";
import { openDriver } from "../../../runner/sqlite/driver.js";
import { type NatsServer, startNats } from "../../support/nats.js";
import { realServer } from "../../support/real-servers.js";
import { type Redis, startRedis } from "../../support/redis.js";

/** A closed port, so that a run ends at once with a result. */
const INPUT = { target_host: "127.0.0.1", target_port: 1 };

/** A worker that has a healthy job before and after the hostile record must end with both done. */
async function drained(queue: Queue): Promise<void> {
  const worker = await createWorker(queue, { drain: true, allowTargets: ["127.0.0.1"], limits: { all: null, eachKey: { atOnce: 5, rate: null }, keys: {} } });
  await worker.run();
}

async function enqueued(queue: Queue, id: string): Promise<void> {
  await queue.enqueue("network.tcp", INPUT, { id, key: "one" });
}

realServer("what another program writes beside a message in JetStream ends no worker", ["nats-server"], () => {
  let server: NatsServer;
  beforeAll(async () => {
    server = await startNats();
  });
  afterAll(() => server.stop());

  const encoded = (value: unknown) => `NATS/1.0\r\nprobe-run-message: ${encodeURIComponent(typeof value === "string" ? value : JSON.stringify(value))}\r\n\r\n`;

  test.each([
    ["no percent encoding", "NATS/1.0\r\nprobe-run-message: %zz\r\n\r\n"],
    ["no JSON", encoded("{")],
    ["null", encoded("null")],
    ["a list nested 1,000 levels deep", encoded("[".repeat(1000) + "]".repeat(1000))],
    ["no id", encoded({})],
    ["a number as id", encoded({ id: 5 })],
    ["the id of another message", encoded({ id: "before", key: null, priority: 0, due: null })],
    ["fields of other types", encoded({ id: "x", key: {}, priority: "high", due: "soon", weight: -5 })],
    ["a header with an invalid name", "NATS/1.0\r\na b: c\r\n\r\n"],
    ["a header without a name", "NATS/1.0\r\n: c\r\n\r\n"],
    ["invalid headers", "GARBAGE"],
  ])("%s", async (_, headers) => {
    const prefix = randomUUID();
    const queue = await openQueue(`${server.url}?prefix=${prefix}`);
    try {
      await enqueued(queue, "before");
      await publish(server.url, `${prefix}.jobs.queue.0.foreign`, headers, "{}");
      await enqueued(queue, "after");
      await drained(queue);
      expect(await queue.jobs.counts()).toMatchObject({ waiting: 0, delayed: 0, leased: 0, done: 2, dead: 1 });
      expect(await queue.jobs.deadLetters(10)).toMatchObject([{ id: `${prefix}.jobs.queue.0.foreign`, failure: { reason: "poisoned" } }]);
    } finally {
      await queue.close();
    }
  });

  test.each(["lease", "dead"])("an unreadable record of the kind %s", async (kind) => {
    const prefix = randomUUID();
    const queue = await openQueue(`${server.url}?prefix=${prefix}`);
    try {
      await enqueued(queue, "before");
      for (const body of ["{", "null", "[]", JSON.stringify({ kind: "leased", until: "never", attempt: {}, kept: -1 })])
        await publish(server.url, `${prefix}.jobs.${kind}.${randomUUID()}`, "NATS/1.0\r\nprobe-run-letter: %zz\r\nprobe-run-message: %zz\r\n\r\n", body);
      await publish(server.url, `${prefix}.jobs.state.gate`, "NATS/1.0\r\n\r\n", JSON.stringify({ until: 1e15, buckets: { one: null, "": { tokens: "x" } } }));
      await drained(queue);
      expect(await queue.jobs.counts()).toMatchObject({ waiting: 0, done: 1 });
      expect(await queue.jobs.deadLetters(10)).toEqual([]);
      await queue.jobs.purge("dead");
    } finally {
      await queue.close();
    }
  });

  test("a message of a priority that has no consumer yet is claimed, and one without a priority is refused by the server", async () => {
    const prefix = randomUUID();
    const queue = await openQueue(`${server.url}?prefix=${prefix}`);
    try {
      await publish(server.url, `${prefix}.jobs.queue.7.foreign`, "NATS/1.0\r\n\r\n", "{}");
      await publish(server.url, `${prefix}.jobs.queue.77.foreign`, "NATS/1.0\r\n\r\n", "{}");
      await drained(queue);
      expect(await queue.jobs.counts()).toMatchObject({ waiting: 0, dead: 1 });
    } finally {
      await queue.close();
    }
  });
});

/** By the protocol itself: a client refuses to write such headers. */
async function publish(url: string, subject: string, headers: string, body: string): Promise<void> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  const size = Buffer.byteLength(headers);
  socket.write(`CONNECT {"verbose":false,"headers":true}\r\nHPUB ${subject} ${size} ${size + Buffer.byteLength(body)}\r\n${headers}${body}\r\nPING\r\n`);
  for await (const chunk of socket) if (String(chunk).includes("PONG")) break;
  socket.destroy();
}

realServer("what another program writes into a job in Redis ends no worker", ["redis-server"], () => {
  let redis: Redis;
  beforeAll(async () => {
    redis = await startRedis({ isPersistent: true });
  });
  afterAll(() => redis.stop());

  test.each([
    ["data that is no JSON", { data: "{bad" }, 1],
    ["data that is a list nested 20,000 levels deep", { data: "[".repeat(20_000) + "]".repeat(20_000) }, 1],
    ["data that is null", { data: "null" }, 1],
    ["options that are no JSON", { opts: "{bad" }, 0],
    ["options that are null", { opts: "null" }, 0],
    ["progress and parent that are no JSON", { progress: "{bad", parent: "{bad" }, 0],
    ["a priority that is no number", { priority: "high" }, 0],
    ["a weight beyond all limits", { data: JSON.stringify({ queuekey: "one", queueweight: 1e300 }) }, 1],
  ])("%s", async (_, fields, dead) => {
    const prefix = randomUUID();
    const queue = await openQueue(`${redis.url}?prefix=${prefix}`);
    const client = new Client(redis.url);
    try {
      await enqueued(queue, "before");
      for (const id of ["hostile-1", "hostile-2"]) await enqueued(queue, id);
      await enqueued(queue, "after");
      for (const id of ["hostile-1", "hostile-2"]) await client.hset(`{${prefix}}:jobs:m-${id}`, fields);
      await drained(queue);
      expect(await queue.jobs.counts()).toMatchObject({ waiting: 0, delayed: 0, leased: 0, done: 4 - 2 * dead, dead: 2 * dead });
      expect((await queue.jobs.deadLetters(10)).map(({ failure }) => failure.reason)).toEqual(dead === 1 ? ["poisoned", "poisoned"] : []);
    } finally {
      await queue.close();
      client.disconnect();
    }
  });
});

describe("what another program writes into a row of SQLite ends no worker", () => {
  test.each([
    ["a failure that is no JSON", "failure = '{bad'"],
    ["a failure of another shape", "failure = '[[{}]]'"],
    ["the largest attempt", "attempt = 9223372036854775807"],
    ["the largest part", "part = 9223372036854775807"],
    ["a negative weight", "weight = -5"],
    ["the largest priority", "priority = 9223372036854775807"],
    ["a saved state that is no JSON", "kept = '{bad'"],
  ])("%s", async (_, change) => {
    const folder = mkdtempSync(join(tmpdir(), "probe-run-records-"));
    const path = join(folder, "queue.db");
    const queue = await openQueue(`sqlite:${path}`);
    try {
      for (const id of ["before", "hostile", "after"]) await enqueued(queue, id);
      const driver = openDriver(path);
      driver.exec(`UPDATE job SET ${change} WHERE id = 'hostile'`);
      driver.close();
      await drained(queue);
      const { waiting, leased, done, dead } = await queue.jobs.counts();
      expect({ waiting, leased, ended: done + dead }).toEqual({ waiting: 0, leased: 0, ended: 3 });
    } finally {
      await queue.close();
      rmSync(folder, { recursive: true });
    }
  });
});
