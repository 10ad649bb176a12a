import { randomUUID } from "node:crypto";
import { connect } from "amqplib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readAmqpUrl } from "../../../runner/queue/amqp/address.js";
import { AmqpSink, openAmqp } from "../../../runner/queue/amqp/backend.js";
import type { Backend } from "../../../runner/queue/backend.js";
import { BACKEND_DEFAULTS } from "../../../runner/queue/backend-options.js";
import { CLOSED_PORT } from "../../support/free-ports.js";
import { type RabbitMq, startRabbitMq } from "../../support/rabbitmq.js";
import { realServer } from "../../support/real-servers.js";
import { message } from "./backend-contract.js";

realServer("results in RabbitMQ", ["rabbitmq-server"], () => {
  let server: RabbitMq;
  let port: number;

  beforeAll(async () => {
    server = await startRabbitMq();
    port = Number(new URL(server.url).port);
  }, 90_000);

  afterAll(() => server.stop());

  const opened = async (query: string, work: (backend: Backend) => Promise<void>, mayCreate = true): Promise<void> => {
    const backend = await openAmqp(`${server.url}${query}`, { ...BACKEND_DEFAULTS, mayCreate });
    await work(backend).finally(() => backend.close());
  };

  test("results arrive at a consumer in order, as CloudEvents with distinct ids", async () => {
    const queue = randomUUID();
    await opened(`?queue=${queue}`, async ({ results, jobs }) => {
      expect(jobs).toBeNull();
      expect(await results.push(["a", "b", "c"].map((id) => message(id)))).toEqual(["accepted", "accepted", "accepted"]);
    });
    const taken = await takeAll(queue);
    expect(taken.map(({ content }) => content.toString())).toEqual(["a", "b", "c"].map((id) => message(id).body));
    expect(taken[0]?.properties).toMatchObject({ messageId: "a", contentType: "application/cloudevents+json", deliveryMode: 2 });
  });

  test.each([
    ["quorum", "classic"],
    ["classic", "quorum"],
  ])("a queue of type %s is not opened as %s", async (type, other) => {
    const queue = randomUUID();
    await opened(`?queue=${queue}&type=${type}`, async ({ results }) => void (await results.push([message("a")])));
    await expect(opened(`?queue=${queue}&type=${other}`, async () => undefined)).rejects.toMatchObject({ name: "QueueError", code: "not_a_queue" });
    expect(await takeAll(queue)).toHaveLength(1);
  });

  test("a command that only reads creates no queue", async () => {
    await expect(opened(`?queue=${randomUUID()}`, async () => undefined, false)).rejects.toMatchObject({ code: "not_a_queue" });
  });

  test("an exchange without a queue is an error; one with a queue accepts results", async () => {
    const [exchange, queue] = [randomUUID(), randomUUID()];
    await managed(async (channel) => void (await channel.assertExchange(exchange, "topic")));
    await opened(`?exchange=${exchange}&routing_key=mx.done`, async ({ results }) => {
      await expect(results.push([message("a")])).rejects.toMatchObject({ code: "refused", message: expect.stringContaining("no queue") });
      await managed(async (channel) => {
        await channel.assertQueue(queue);
        await channel.bindQueue(queue, exchange, "mx.*");
      });
      expect(await results.push([message("b")])).toEqual(["accepted"]);
    });
    expect((await takeAll(queue)).map(({ properties }) => properties.messageId)).toEqual(["b"]);
    await expect(opened(`?exchange=${randomUUID()}`, async () => undefined)).rejects.toMatchObject({ code: "not_a_queue" });
  });

  test.each([
    ["an id of 256 bytes", { ...message("a"), id: "x".repeat(256) }],
    ["an id of 128 characters that take 256 bytes", { ...message("a"), id: "é".repeat(128) }],
  ])("a message with %s is refused at once, and the next one is accepted", async (_, unfit) => {
    const queue = randomUUID();
    await opened(`?queue=${queue}`, async ({ results }) => {
      await expect(results.push([unfit])).rejects.toMatchObject({ name: "QueueError", code: "refused" });
      expect(await results.push([message("b"), { ...message("c"), id: "x".repeat(255) }])).toEqual(["accepted", "accepted"]);
    });
    expect(await takeAll(queue)).toHaveLength(2);
  });

  test("a virtual host that cannot be encoded is refused, not retried", async () => {
    const began = performance.now();
    await expect(openAmqp(`${server.url.replace(/\/?(\?.*)?$/, "")}/${"v".repeat(300)}?queue=a`, BACKEND_DEFAULTS)).rejects.toMatchObject({
      name: "QueueError",
      code: "refused",
    });
    expect(performance.now() - began).toBeLessThan(15_000);
  });

  test("a full queue that rejects is reported as full", async () => {
    const queue = randomUUID();
    await managed((channel) => channel.assertQueue(queue, { arguments: { "x-queue-type": "classic", "x-max-length": 1, "x-overflow": "reject-publish" } }));
    await opened(
      `?queue=${queue}`,
      async ({ results }) => {
        await results.push([message("a")]);
        await expect(results.push([message("b")])).rejects.toMatchObject({ code: "full" });
      },
      false,
    );
  });

  test("a wrong password is reported without the password", async () => {
    const failed = openAmqp(`amqp://ann:correct-horse@127.0.0.1:${port}`, BACKEND_DEFAULTS);
    await expect(failed).rejects.toMatchObject({ code: "refused" });
    await expect(failed).rejects.not.toThrow(/correct-horse/);
  });

  test("no broker at the address", async () => {
    await expect(openAmqp(`amqp://127.0.0.1:${CLOSED_PORT}`, BACKEND_DEFAULTS)).rejects.toMatchObject({ code: "unreachable" });
  });

  test("after close() a push fails", async () => {
    const backend = await openAmqp(server.url, BACKEND_DEFAULTS);
    await backend.close();
    await expect(backend.results.push([message("a")])).rejects.toMatchObject({ code: "closed" });
  });

  test("a blocked broker is reported, and closing does not wait for it", async () => {
    const sink = new AmqpSink(readAmqpUrl(`${server.url}?queue=${randomUUID()}`), true, 300);
    await sink.open();
    server.freeze();
    try {
      await expect(sink.push([message("a")])).rejects.toMatchObject({ code: "busy", message: expect.stringContaining("300 ms") });
      await sink.close();
    } finally {
      server.thaw();
    }
  });

  test("after kill -9 of the broker, confirmed results are there and pushing continues", async () => {
    const queue = randomUUID();
    const confirmed: string[] = [];
    await opened(`?queue=${queue}`, async ({ results }) => {
      let isOver = false;
      let next = 0;
      const push = async (): Promise<void> => {
        while (!isOver) {
          const id = `m${next++}`;
          // A broker may need longer for its start than one push waits; a worker tries again, too.
          const answers = await results.push([message(id)]).catch((error: unknown) => {
            if ((error as { code?: unknown }).code !== "unreachable") throw error;
            return null;
          });
          if (answers !== null) confirmed.push(id);
        }
      };
      const pushing = Promise.all(Array.from({ length: 20 }, push));
      const reached = async (count: number): Promise<void> => {
        while (confirmed.length < count) await new Promise((resolve) => setTimeout(resolve, 5));
      };
      await Promise.race([pushing, reached(200)]);
      await server.kill();
      const atTheKill = confirmed.length;
      await server.start();
      await Promise.race([pushing, reached(atTheKill + 100)]);
      isOver = true;
      await pushing;
      expect(confirmed.length).toBeGreaterThanOrEqual(atTheKill + 100);
    });
    const there = new Set((await takeAll(queue)).map(({ properties }) => properties.messageId as string));
    expect(confirmed.filter((id) => !there.has(id))).toEqual([]);
  }, 90_000);

  type Managing = Awaited<ReturnType<Awaited<ReturnType<typeof connect>>["createChannel"]>>;

  async function managed<Result>(work: (channel: Managing) => Promise<Result>): Promise<Result> {
    const connection = await connect(server.url);
    try {
      return await work(await connection.createChannel());
    } finally {
      await connection.close();
    }
  }

  function takeAll(queue: string) {
    return managed(async (channel) => {
      const taken = [];
      for (;;) {
        const got = await channel.get(queue, { noAck: true });
        if (got === false) return taken;
        taken.push(got);
      }
    });
  }
});
