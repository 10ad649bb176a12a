import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { NO_LIMITS } from "../../../runner/limits/limits.js";
import { type Backend, type Channel, type ClaimRequest, isChannel, type LeasedMessage } from "../../../runner/queue/backend.js";
import { BACKEND_DEFAULTS } from "../../../runner/queue/backend-options.js";
import { lastFailure } from "../../../runner/queue/last-failure.js";
import { openNats } from "../../../runner/queue/nats/backend.js";
import { CLOSED_PORT } from "../../support/free-ports.js";
import { type NatsServer, startNats } from "../../support/nats.js";
import { realServer } from "../../support/real-servers.js";
import { message } from "./backend-contract.js";

const CLAIM: ClaimRequest = { max: 20, leaseMs: 5000, waitMs: 300, limits: NO_LIMITS };

realServer("what may go wrong with JetStream", ["nats-server"], () => {
  let server: NatsServer;
  const open: Backend[] = [];

  beforeAll(async () => {
    server = await startNats(["--user", "ann", "--pass", "correct-horse"]);
  });

  afterAll(async () => {
    for (const backend of open.splice(0)) await backend.close();
    await server.stop();
  });

  const urlOf = (prefix: string, login = "ann:correct-horse@") => `${server.url.replace("//", `//${login}`)}?prefix=${prefix}`;

  async function opened(prefix: string): Promise<{ jobs: Channel; results: Channel }> {
    const backend = await openNats(urlOf(prefix), BACKEND_DEFAULTS);
    open.push(backend);
    const { jobs, results } = backend;
    if (jobs === null || !isChannel(results)) throw new Error("JetStream has both channels");
    return { jobs, results };
  }

  test("kill -9 of the broker, twice: no accepted job is lost, and every result has the id of its job", async () => {
    const prefix = randomUUID();
    const accepted: string[] = [];
    const settled: string[] = [];
    let isPushing = true;
    const [producer, ...workers] = [await opened(prefix), await opened(prefix), await opened(prefix)];

    const produce = async (): Promise<void> => {
      for (let next = 0; isPushing; next += 10) {
        const ids = Array.from({ length: 10 }, (_, index) => `m${next + index}`);
        await producer.jobs.push(ids.map((id) => message(id)));
        accepted.push(...ids);
      }
    };
    const isDrained = async (): Promise<boolean> => {
      const { waiting, delayed, leased } = await producer.jobs.counts();
      return waiting + delayed + leased === 0;
    };
    // Until the queue is empty: a message that a kill restored is settled a second time.
    const work = async ({ jobs }: { jobs: Channel }): Promise<void> => {
      while (isPushing || !(await isDrained())) {
        const claimed = await jobs.claim(CLAIM);
        const answers = await jobs.settle(claimed.map((leased) => ({ message: leased, outcome: { kind: "done", result: message(`${leased.id}:result`) } })));
        settled.push(...claimed.filter((_, index) => answers[index] === "stored").map(({ id }) => id));
      }
    };
    const all = Promise.all([produce(), ...workers.map(work)]);
    for (const kill of [1, 2]) {
      await Promise.race([all, until(() => accepted.length >= kill * 300)]);
      await server.kill();
      await server.start();
    }
    const before = accepted.length;
    await Promise.race([all, until(() => accepted.length >= before + 100)]);
    isPushing = false;
    await all;

    expect(settled.filter((id) => !accepted.includes(id))).toEqual([]);
    expect(await producer.jobs.counts()).toMatchObject({ dead: 0, done: accepted.length });
    const results = new Set<string>();
    for (;;) {
      const events = await producer.results.claim({ ...CLAIM, max: 500 });
      if (events.length === 0) break;
      for (const { id } of events) results.add(id);
      await producer.results.settle(events.map((leased) => ({ message: leased, outcome: { kind: "done", result: null } })));
    }
    expect(results).toEqual(new Set(accepted.map((id) => `${id}:result`)));
    // A settlement whose answer was lost by a kill holds its message for 30 seconds (ENDING_MS), and there are two kills.
  }, 180_000);

  test("a lease survives a restart of the broker: it cannot be claimed, and its holder settles it", async () => {
    const prefix = randomUUID();
    const [holder, other] = [await opened(prefix), await opened(prefix)];
    await holder.jobs.push([message("a")]);
    const [leased] = await holder.jobs.claim({ ...CLAIM, leaseMs: 60_000 });
    await server.kill();
    await server.start();
    expect(await other.jobs.claim({ ...CLAIM, waitMs: 300 })).toEqual([]);
    if (leased === undefined) throw new Error("nothing was claimed");
    expect(await holder.jobs.extend([leased], 60_000)).toEqual([]);
    expect(await holder.jobs.settle([{ message: leased, outcome: { kind: "done", result: null } }])).toEqual(["stored"]);
    expect(await other.jobs.counts()).toMatchObject({ waiting: 0, leased: 0, done: 1 });
  }, 30_000);

  test("a foreign message in the stream is delivered unchanged", async () => {
    const prefix = randomUUID();
    const { jobs } = await opened(prefix);
    await jobs.push([message("a")]);
    const connection = await connect({ servers: server.url, user: "ann", pass: "correct-horse" });
    await jetstream(connection).publish(`${prefix}.jobs.queue.0.from-elsewhere`, "not JSON");
    await connection.close();
    const [, foreign] = await jobs.claim(CLAIM);
    expect(foreign).toMatchObject({ body: "not JSON", key: null, attempt: 1 });
    if (foreign === undefined) throw new Error("nothing was claimed");
    expect(await jobs.settle([{ message: foreign, outcome: { kind: "done", result: null } }])).toEqual(["stored"]);
  });

  test("a foreign stream is not touched, and a command that only reads creates nothing", async () => {
    const prefix = randomUUID();
    const connection = await connect({ servers: server.url, user: "ann", pass: "correct-horse" });
    const manager = await jetstreamManager(connection);
    await manager.streams.add({ name: `${prefix}-jobs`, subjects: [`${prefix}.elsewhere`] });
    await expect(openNats(urlOf(prefix), BACKEND_DEFAULTS)).rejects.toMatchObject({ code: "not_a_queue" });
    const unknown = randomUUID();
    await expect(openNats(urlOf(unknown), { ...BACKEND_DEFAULTS, mayCreate: false })).rejects.toMatchObject({ code: "not_a_queue" });
    const names = await manager.streams.names().next();
    expect(names.filter((name) => name.startsWith(unknown))).toEqual([]);
    await connection.close();
  });

  test("a wrong password, and no server, are reported without the password", async () => {
    const refused = openNats(urlOf("x", "ann:wrong-horse@"), BACKEND_DEFAULTS);
    await expect(refused).rejects.toMatchObject({ code: "refused" });
    await expect(refused).rejects.not.toThrow(/wrong-horse/);
    await expect(openNats(`nats://ann:pass@127.0.0.1:${CLOSED_PORT}`, BACKEND_DEFAULTS)).rejects.toMatchObject({ code: "unreachable" });
  });

  test("a message that is too large is refused, and a closed queue reports that it is closed", async () => {
    const backend = await openNats(urlOf(randomUUID()), BACKEND_DEFAULTS);
    await expect(backend.jobs?.push([{ ...message("a"), body: "x".repeat(2_000_000) }])).rejects.toMatchObject({ name: "QueueError", code: "refused" });
    await backend.close();
    await expect(backend.jobs?.push([message("b")])).rejects.toMatchObject({ name: "QueueError", code: "closed" });
    await expect(backend.jobs?.claim(CLAIM)).rejects.toMatchObject({ name: "QueueError", code: "closed" });
  });

  test("a result that is too large makes only its own job a dead letter; a job that fits can always become one", async () => {
    const { jobs, results } = await opened(randomUUID());
    await jobs.push([message("large"), message("healthy")]);
    const [large, healthy] = await jobs.claim(CLAIM);
    const done = (id: string, body: string) => ({ kind: "done", result: { ...message(id), body } }) as const;
    const answers = await jobs.settle([
      { message: large as LeasedMessage, outcome: done("large:result", "x".repeat(2_000_000)) },
      { message: healthy as LeasedMessage, outcome: done("healthy:result", "fits") },
    ]);
    expect(answers).toEqual(["stored", "stored"]);
    expect(await jobs.deadLetters(10)).toMatchObject([{ id: "large", failure: { reason: "result_refused", message: expect.stringContaining("max_payload") } }]);
    expect(await results.claim(CLAIM)).toMatchObject([{ id: "healthy:result", body: "fits" }]);
    for (let size = 1_048_576; ; size -= 256) {
      try {
        await jobs.push([{ ...message("largest"), body: "x".repeat(size) }]);
        break;
      } catch (error) {
        expect(error).toMatchObject({ code: "refused" });
      }
    }
    const [largest] = await jobs.claim(CLAIM);
    const failure = lastFailure("worker_error", "\u{1f4ec}".repeat(2000));
    expect(await jobs.settle([{ message: largest as LeasedMessage, outcome: { kind: "dead", failure } }])).toEqual(["stored"]);
    expect((await jobs.deadLetters(10)).map(({ id }) => id)).toEqual(["large", "largest"]);
  }, 60_000);

  test.each(["nats://", "nats://host/queue", "nats://host?prefix=a.b", "nats://host?replicas=2", "nats://host?nothing=1"])(
    "%s is not a valid URL",
    async (url) => {
      await expect(openNats(url, BACKEND_DEFAULTS)).rejects.toMatchObject({ code: "usage" });
    },
  );

  async function until(condition: () => boolean): Promise<void> {
    while (!condition()) await sleep(5);
  }
});
