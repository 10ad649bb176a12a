import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { RunningLab } from "../../../runner/harness/define-lab.js";
import type { InputOf } from "../../../runner/harness/probe-types.js";
import { labOf } from "../../../runner/harness/registry.js";
import type { Channel } from "../../../runner/queue/backend.js";
import { consume } from "../../../runner/queue/consume.js";
import type { ConsumeOptions } from "../../../runner/queue/consumer.js";
import { createWorker, type WorkerOptions } from "../../../runner/queue/create-worker.js";
import { openQueue, type Queue } from "../../../runner/queue/queue.js";
import { completed } from "../../../runner/queue/worker-stats.js";
import { message } from "./backend-contract.js";

let folder: string;
let queue: Queue;
let lab: RunningLab;
let target: InputOf<"network.smtp">;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "probe-run-worker-"));
  queue = await openQueue(`sqlite:${join(folder, "queue.db")}`);
  lab = (await (await labOf("network.smtp"))?.start(() => 0)) as RunningLab;
  target = lab.servers[0]?.input as typeof target;
});

afterEach(async () => {
  await queue.close();
  await lab.close();
  await rm(folder, { recursive: true });
});

const drained = async (options: WorkerOptions = {}) => {
  const worker = await createWorker(queue, { drain: true, ...options });
  await worker.run();
  return worker.stats.endings;
};
const dead = (channel = queue.jobs) => channel.deadLetters(10);
const results = () => queue.results as Channel;

async function consumed(options: ConsumeOptions = {}) {
  const all = [];
  for await (const each of consume(queue, { drain: true, ...options })) {
    all.push(each);
    await each.ack();
  }
  return all;
}

describe("jobs", () => {
  test("a job becomes a self-describing event", async () => {
    const { id, answer } = await queue.enqueue("network.smtp", target, { id: "mx-1", priority: 3 });
    expect({ id, answer }).toEqual({ id: "mx-1", answer: "accepted" });
    expect(await drained()).toMatchObject({ ok: 1, error: 0, dead: 0 });
    const [result] = await consumed();
    expect(result?.event).toMatchObject({
      specversion: "1.0",
      id: "mx-1:result",
      source: "probe-run",
      type: "probe-run.result",
      subject: "network.smtp@2.0.0",
      datacontenttype: "application/json",
      dataschema: "urn:probe-run:network.smtp:2.0.0:output",
      jobid: "mx-1",
      attempt: 1,
      data: { status: "ok", failure: null, target_port: target.target_port },
    });
    expect(JSON.parse(result?.body as string)).toEqual(result?.event);
  });

  test("the same id twice is one job, also after it is done", async () => {
    await queue.enqueue("network.smtp", target, { id: "once" });
    expect((await queue.enqueue("network.smtp", target, { id: "once" })).answer).toBe("duplicate");
    await drained();
    expect((await queue.enqueue("network.smtp", target, { id: "once" })).answer).toBe("duplicate");
    expect(await consumed()).toHaveLength(1);
  });

  test("an invalid input is rejected with the violations of the command line, and nothing is stored", async () => {
    // @ts-expect-error: the field is misspelled
    await expect(queue.enqueue("network.smtp", { target_hosst: "mx.example.org" })).rejects.toMatchObject({
      code: "invalid_input",
      violations: expect.arrayContaining([expect.objectContaining({ pointer: "/target_hosst", hint: "did you mean target_host?" })]),
    });
    // @ts-expect-error: no probe of ours is called this
    await expect(queue.enqueue("network.smpt", target)).rejects.toMatchObject({ code: "unknown_probe" });
    expect(await queue.jobs.counts()).toMatchObject({ waiting: 0 });
  });

  test.each([
    [null, "must be an object, not null"],
    [{ priority: 10 }, "/priority must be a whole number from 0 to 9, not 10"],
    [{ prioritiy: 1 }, "/prioritiy there is no such option; did you mean priority?"],
    [{ delay: 5 }, "/delay there is no such option; did you mean delayMs?"],
    [{ delayMs: "5" }, "/delayMs must be a number of milliseconds from 0 to a year, not a text"],
    [{ delayMs: Number.NaN }, "/delayMs must be a number of milliseconds from 0 to a year, not NaN"],
    [{ delayMs: -1 }, "/delayMs must be"],
    [{ id: "" }, "/id must be a text that is not empty, not an empty text"],
    [{ key: 5 }, "/key must be a text or null, not 5"],
    [{ maxAttempts: 0 }, "/maxAttempts must be a whole number from 1 to 1000, not 0"],
    [{ retryFailures: "yes" }, "/retryFailures must be true or false, not a text"],
    [{ backoffMs: 0.5 }, "/backoffMs must be a whole number from 1 to 3600000, not 0.5"],
    [{ backoffMostMs: 90_000_000 }, "/backoffMostMs must be a whole number from 1 to 86400000"],
    [{ notAfter: Number.NaN }, "/notAfter must be a time in milliseconds since 1970, not NaN"],
    [{ notAfter: "2026-11-20" }, "/notAfter must be a time in milliseconds since 1970, not a text"],
  ])("the options %j are refused, and nothing is stored", async (options, reason) => {
    const refused = queue.enqueue("network.smtp", target, options as never);
    await expect(refused).rejects.toMatchObject({ code: "usage", message: expect.stringContaining(`the options of enqueue cannot be used: ${reason}`) });
    expect(await queue.jobs.counts()).toMatchObject({ waiting: 0 });
  });

  test("an option that is undefined is not given, and the limits themselves can be used", async () => {
    const options = { id: undefined, key: null, priority: 0, delayMs: 0, maxAttempts: 1000, notAfter: Date.parse("9999-12-31T23:59:59.999Z") } as never;
    expect(await queue.enqueue("network.smtp", target, options)).toMatchObject({ answer: "accepted" });
  });

  test("a secret in plain text is rejected; only the worker resolves a reference", async () => {
    const auth = { username: "ann", password: "correct horse" };
    const refused = queue.enqueue("network.smtp", { ...target, auth });
    await expect(refused).rejects.toMatchObject({ code: "invalid_input", violations: [expect.objectContaining({ pointer: "/auth/password" })] });
    await expect(refused).rejects.not.toThrow(/correct horse/);
    await queue.enqueue("network.smtp", { ...target, auth: { ...auth, password: { secret: "env:PROBE_RUN_NO_SUCH" } } }, { maxAttempts: 1 });
    expect(await drained({ allowSecrets: ["file:*", "env:SMTP_*"] })).toMatchObject({ dead: 1 });
    expect((await dead())[0]?.failure).toMatchObject({ reason: "refused", message: expect.stringContaining("env:PROBE_RUN_NO_SUCH") });
    await queue.jobs.retryDead(null);
    expect(await drained()).toMatchObject({ dead: 1 });
    expect((await dead())[0]?.failure).toMatchObject({ reason: "worker_error", message: expect.stringContaining("PROBE_RUN_NO_SUCH") });
  });

  test("poison messages become dead letters, and the worker continues", async () => {
    const job = { specversion: "1.0", id: "p5", source: "elsewhere", type: "probe-run.job" };
    const poison = [
      "not JSON",
      "[]",
      "{}",
      "null",
      JSON.stringify({ ...job, data: { probe: "../../etc/evil.js", version: "1.0.0", input: {} } }),
      JSON.stringify({ ...job, data: { probe: "network.smtp", version: "2.0.0", input: { target_host: "a b" } } }),
      JSON.stringify({ ...job, data: { probe: "network.smtp", version: "2.0.0", input: { ...target, auth: { username: "ann", password: "plain" } } } }),
    ];
    await queue.jobs.push(poison.map((body, index) => ({ ...message(`poison-${index}`), body })));
    await queue.enqueue("network.smtp", target, { id: "good" });
    expect(await drained()).toMatchObject({ ok: 1, dead: poison.length });
    expect((await dead()).map(({ failure }) => failure.reason)).toEqual(poison.map(() => "poisoned"));
    expect(JSON.stringify(await dead().then((messages) => messages.map(({ failure }) => failure)))).not.toContain('"plain"');
  });

  test("a job cannot make a worker load a file or a package", async () => {
    for (const probe of ["evil.js", "probe-run-probe-evil"]) {
      const event = { specversion: "1.0", id: probe, source: "x", type: "probe-run.job", data: { probe, version: "1.0.0", input: {}, max_attempts: 1 } };
      await queue.jobs.push([{ ...message(probe), body: JSON.stringify(event) }]);
    }
    expect(await drained()).toMatchObject({ dead: 2 });
    expect((await dead())[0]?.failure.message).toContain("start it with --probe");
  });

  test("a failed target is a result; if the job asks for it, a temporary failure is retried first", async () => {
    const closed = { target_host: "127.0.0.1", target_port: 1 };
    await queue.enqueue("network.smtp", closed, { id: "plain" });
    await queue.enqueue("network.smtp", closed, { id: "patient", retryFailures: true, maxAttempts: 3, backoffMs: 20 });
    expect(await drained()).toMatchObject({ error: 2, retried: 2, dead: 0 });
    const events = (await consumed()).map(({ event }) => event as { id: string; attempt?: number });
    expect(Object.fromEntries(events.map(({ id, attempt }) => [id, attempt]))).toEqual({ "plain:result": 1, "patient:result": 3 });
  });

  test("a job that kills every worker becomes a dead letter", async () => {
    await queue.enqueue("network.smtp", target, { id: "killer", maxAttempts: 2 });
    for (let death = 0; death < 2; death++) {
      expect(await queue.jobs.claim({ max: 1, leaseMs: 50, waitMs: 1000, limits: { all: null, eachKey: null, keys: {} } })).toHaveLength(1);
      await new Promise((resolve) => setTimeout(resolve, 80));
    }
    expect(await drained()).toMatchObject({ dead: 1, ok: 0 });
    expect(await dead()).toMatchObject([{ id: "killer", attempts: 3, failure: { reason: "worker_died" } }]);
  });
});

describe("stopping", () => {
  test("running jobs finish, the others are released", async () => {
    for (let index = 0; index < 40; index++) await queue.enqueue("network.smtp", target, { id: `j${index}` });
    const worker = await createWorker(queue, { concurrency: 4 });
    const running = worker.run();
    while (completed(worker.stats) < 3) await new Promise((resolve) => setTimeout(resolve, 1));
    worker.stop(5000);
    await running;
    const { done, leased, waiting } = await queue.jobs.counts();
    expect({ leased, all: done + waiting }).toEqual({ leased: 0, all: 40 });
    expect(waiting).toBeGreaterThan(0);
    expect(await drained()).toMatchObject({ ok: waiting });
  });

  test("a job that does not finish in time is released, and uses no attempt", async () => {
    const silent = createServer().listen(0, "127.0.0.1");
    await once(silent, "listening");
    const slow = { target_host: "127.0.0.1", target_port: (silent.address() as AddressInfo).port, timeout_ms: 60_000, command_timeout_ms: 60_000 };
    await queue.enqueue("network.smtp", slow, { id: "slow" });
    const worker = await createWorker(queue);
    const running = worker.run();
    while (worker.stats.inFlight < 1) await new Promise((resolve) => setTimeout(resolve, 5));
    worker.stop(50);
    await running;
    expect(worker.stats.endings).toMatchObject({ released: 1, error: 0 });
    expect(await queue.jobs.claim({ max: 1, leaseMs: 1000, waitMs: 1000, limits: { all: null, eachKey: null, keys: {} } })).toMatchObject([
      { id: "slow", attempt: 1 },
    ]);
    silent.close();
  });
});

describe("consuming", () => {
  const push = (...ids: string[]) =>
    results().push(ids.map((id) => ({ ...message(id), body: JSON.stringify({ ...JSON.parse(message(id).body), type: "probe-run.result" }) })));

  test("an unacknowledged event is delivered again", async () => {
    await push("a", "b", "c");
    for await (const { event, ack } of consume(queue, { drain: true })) {
      if (event.id === "b") break;
      await ack();
    }
    expect((await consumed()).map(({ event, attempt }) => [event.id, attempt])).toEqual([
      ["b", 1],
      ["c", 1],
    ]);
  });

  test("a failed event is retried later, and finally becomes a dead letter", async () => {
    await push("a");
    const attempts: number[] = [];
    for await (const { attempt, fail } of consume(queue, { drain: true, maxAttempts: 3, backoffMs: 10 })) {
      attempts.push(attempt);
      await fail("HTTP 503");
    }
    expect(attempts).toEqual([1, 2, 3]);
    expect(await dead(results())).toMatchObject([{ id: "a", attempts: 3, failure: { reason: "consumer_error", message: "HTTP 503" } }]);
  });

  test("a poison message becomes a dead letter and blocks nothing", async () => {
    await results().push([{ ...message("poison"), body: "not JSON" }, message("job")]);
    await push("good");
    expect((await consumed()).map(({ event }) => event.id)).toEqual(["good"]);
    expect((await dead(results())).map(({ id }) => id)).toEqual(["poison", "job"]);
  });

  test("a slow consumer keeps its lease", async () => {
    await push("a");
    for await (const { ack, signal } of consume(queue, { drain: true, leaseMs: 150 })) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect(signal.aborted).toBe(false);
      expect(await ack()).toBe("stored");
    }
    expect(await results().counts()).toMatchObject({ waiting: 0, leased: 0, done: 1 });
  });
});

describe("forwarded results", () => {
  test("a refused result makes its job a dead letter with the reason, and the worker continues", async () => {
    const answers = [400, 204];
    const receiver = createHttpServer((_, response) => response.writeHead(answers.shift() ?? 204).end()).listen(0, "127.0.0.1");
    await once(receiver, "listening");
    const { port } = receiver.address() as AddressInfo;
    const elsewhere = await openQueue(`http://127.0.0.1:${port}/hook#unsigned=true`);
    await queue.enqueue("network.smtp", target, { id: "first", priority: 9 });
    await queue.enqueue("network.smtp", target, { id: "second" });
    expect(await drained({ concurrency: 1, results: elsewhere })).toMatchObject({ ok: 1, dead: 1 });
    expect(await dead()).toMatchObject([
      { id: "first", attempts: 1, failure: { reason: "result_refused", message: expect.stringContaining(`http://127.0.0.1:${port}/hook answered 400`) } },
    ]);
    await queue.jobs.retryDead(null);
    expect(await drained({ results: elsewhere })).toMatchObject({ ok: 1, dead: 0 });
    await elsewhere.close();
    receiver.close();
  });
});
