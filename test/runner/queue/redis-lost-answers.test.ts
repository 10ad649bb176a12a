import { connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { NO_LIMITS } from "../../../runner/limits/limits.js";
import { type Backend, type Channel, isChannel, type LeasedMessage } from "../../../runner/queue/backend.js";
import { BACKEND_DEFAULTS } from "../../../runner/queue/backend-options.js";
import { openRedis } from "../../../runner/queue/redis/backend.js";
import { realServer } from "../../support/real-servers.js";
import { type Redis, startRedis } from "../../support/redis.js";
import { message } from "./backend-contract.js";

realServer("a Redis whose answer gets lost with the connection", ["redis-server"], () => {
  let redis: Redis;
  let wire: Wire;
  let backend: Backend;
  let jobs: Channel;

  beforeEach(async () => {
    redis = await startRedis({ isPersistent: true });
    wire = new Wire(redis.port);
    backend = await openRedis(`redis://127.0.0.1:${await wire.open()}/0`, BACKEND_DEFAULTS);
    jobs = backend.jobs as Channel;
  });
  afterEach(async () => {
    await backend.close();
    wire.close();
    await redis.stop();
  });

  test.each([0, 1])("a push is accepted once, and not as a duplicate of itself: answer %i is lost", async (after) => {
    await jobs.push([message("before")]);
    wire.loseAnswer(after);
    expect(await jobs.push([message("a"), message("before"), message("b")])).toEqual(["accepted", "duplicate", "accepted"]);
    expect(wire.lost).toBe(1);
    expect(await jobs.counts()).toMatchObject({ waiting: 3 });
  });

  const outcomes = [
    { kind: "done", result: message("a:result") },
    { kind: "later", afterMs: 60_000, result: message("a:result:1") },
    { kind: "retry", afterMs: 60_000, failure: { reason: "worker_error", message: "it threw", at: "" } },
    { kind: "dead", failure: { reason: "worker_error", message: "it threw", at: "" } },
    { kind: "release" },
  ] as const;
  // The calls of a settlement: the lock, the result (two calls), the job's fields, its move, and the rest.
  const cases = outcomes.flatMap((outcome) => [0, 1, 2, 3, 4, 5].map((after) => ({ kind: outcome.kind, after, outcome })));
  test.each(cases)("a settlement ($kind) is stored, with one result: answer $after is lost", async ({ outcome, after }) => {
    await jobs.push([message("a")]);
    const [leased] = await jobs.claim({ max: 1, leaseMs: 60_000, waitMs: 0, limits: NO_LIMITS });
    wire.loseAnswer(after);
    expect(await jobs.settle([{ message: leased as LeasedMessage, outcome }])).toEqual(["stored"]);
    wire.keepAnswers();
    const { results } = backend;
    if (!isChannel(results)) throw new Error("results can be claimed from Redis");
    expect(await results.counts()).toMatchObject({ waiting: "result" in outcome ? 1 : 0 });
    expect((await jobs.counts()).leased).toBe(0);
  });
});

/** A proxy between the queue and Redis that can drop an answer and break the connection. */
class Wire {
  lost = 0;
  #answersUntilLoss = Number.POSITIVE_INFINITY;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(readonly port: number) {
    this.#server = createServer((client) => this.#join(client));
  }

  async open(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return (this.#server.address() as { port: number }).port;
  }

  /** Drops one answer, after this many others. */
  loseAnswer(after: number): void {
    this.#answersUntilLoss = after;
  }

  keepAnswers(): void {
    this.#answersUntilLoss = Number.POSITIVE_INFINITY;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #join(client: Socket): void {
    const server = connect({ host: "127.0.0.1", port: this.port });
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        client.destroy();
        server.destroy();
      });
    }
    client.pipe(server);
    server.on("data", (answer) => {
      if (this.#answersUntilLoss-- > 0) return client.write(answer);
      this.#answersUntilLoss = Number.POSITIVE_INFINITY;
      this.lost += 1;
      client.destroy();
    });
  }
}
