import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "amqplib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { playTranscript } from "../../../runner/lab/transcript-server.js";
import { openAmqp } from "../../../runner/queue/amqp/backend.js";
import { BACKEND_DEFAULTS } from "../../../runner/queue/backend-options.js";
import { createWorker } from "../../../runner/queue/create-worker.js";
import { openQueue } from "../../../runner/queue/queue.js";
import { type RabbitMq, startRabbitMq } from "../../support/rabbitmq.js";
import { realServer } from "../../support/real-servers.js";
import { message } from "./backend-contract.js";

/** Above what ordinary results need. */
const MAX_BYTES = 8 * 1024;

realServer("hostile results in RabbitMQ", ["rabbitmq-server"], () => {
  let server: RabbitMq;

  beforeAll(async () => {
    server = await startRabbitMq([`max_message_size = ${MAX_BYTES}`]);
  }, 90_000);
  afterAll(() => server.stop());

  async function bodiesIn(queue: string): Promise<string[]> {
    const connection = await connect(server.url);
    try {
      const channel = await connection.createChannel();
      const bodies: string[] = [];
      for (let got = await channel.get(queue, { noAck: true }); got !== false; got = await channel.get(queue, { noAck: true }))
        bodies.push(got.content.toString());
      return bodies;
    } finally {
      await connection.close();
    }
  }

  test("a result that is larger than the broker accepts is refused alone, and at once", { timeout: 60_000 }, async () => {
    const queue = randomUUID();
    const backend = await openAmqp(`${server.url}?queue=${queue}`, BACKEND_DEFAULTS);
    const began = performance.now();
    try {
      const pushes = Array.from({ length: 20 }, (_, index) =>
        backend.results.push([index === 7 ? { ...message("large"), body: JSON.stringify("x".repeat(2 * MAX_BYTES)) } : message(`m${index}`)]),
      );
      const settled = await Promise.allSettled(pushes);
      expect(settled.flatMap(({ status }, index) => (status === "rejected" ? [index] : []))).toEqual([7]);
      expect(settled[7]).toMatchObject({ reason: { name: "QueueError", code: "refused", message: expect.stringContaining("large") } });
      expect(performance.now() - began).toBeLessThan(15_000);
    } finally {
      await backend.close();
    }
    const ids = new Set((await bodiesIn(queue)).map((body) => (JSON.parse(body) as { id: string }).id));
    expect(ids.size).toBe(19);
  });

  test("a worker makes the job of such a result a dead letter, and the others are done", { timeout: 60_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), "probe-run-amqp-"));
    const name = randomUUID();
    const queue = await openQueue(`sqlite:${join(folder, "queue.db")}`);
    const results = await openQueue(`${server.url}?queue=${name}`);
    const large = await playTranscript(`${`S: 220-${"x".repeat(900)}\n`.repeat(30)}S: 220 ready\n@close\n`);
    const hostile = await playTranscript('S: 220 \\xff\\x00\\x1b[31m<script>"\\\\ ESMTP\n@close\n');
    try {
      for (const [id, { port }] of Object.entries({ large, hostile }))
        await queue.enqueue("network.smtp", { target_host: "127.0.0.1", target_port: port }, { id });
      await queue.enqueue("network.tcp", { target_host: "127.0.0.1", target_port: 1 }, { id: "healthy" });
      await (await createWorker(queue, { drain: true, results })).run();
      const dead = await queue.jobs.deadLetters(10);
      expect(dead.map(({ id, failure }) => [id, failure.reason])).toEqual([["large", "result_refused"]]);
      const stored = (await bodiesIn(name)).map((body) => JSON.parse(body) as { id: string; data: { status: string } });
      expect(new Set(stored.map(({ id }) => id))).toEqual(new Set(["hostile:result", "healthy:result"]));
    } finally {
      await Promise.all([large.close(), hostile.close(), results.close(), queue.close()]);
      rmSync(folder, { recursive: true });
    }
  });
});
