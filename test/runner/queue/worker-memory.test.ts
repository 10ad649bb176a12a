import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Context } from "../../../runner/harness/context.js";
import { defineProbe } from "../../../runner/harness/define-probe.js";
import { prepare } from "../../../runner/harness/registry.js";
import { NO_LIMITS } from "../../../runner/limits/limits.js";
import type { LeasedMessage, SettleAnswer } from "../../../runner/queue/backend.js";
import { consume } from "../../../runner/queue/consume.js";
import { execute } from "../../../runner/queue/execute.js";
import { type JobOptions, jobMessage } from "../../../runner/queue/job.js";
import { openQueue, type Queue } from "../../../runner/queue/queue.js";
import { Worker, type WorkerSettings } from "../../../runner/queue/worker.js";
import { Cancellation } from "../../../runner/run/cancellation.js";
import { outputOf } from "../../../schemas/carried.js";
import { contract, type FilledOf } from "../../../schemas/contract.js";

/** Delivers messages one by one, saves which are delivered, and continues later when asked to. */
const input = contract({
  type: "object",
  properties: {
    messages: { type: "array", items: { type: "string" } },
    /** Before this one it continues later, once. */
    pause_before: { type: "string", default: "" },
    pause_ms: { type: "integer", default: 50 },
    throw_after: { type: "string", default: "" },
  },
  required: ["messages"],
  additionalProperties: false,
});
const output = contract(outputOf({ delivered: { type: "array", items: { type: "string" } } }));

/** What was really sent, in order: nothing may be in it twice. */
let sent: string[] = [];
let beforeKeep: () => Promise<void> = async () => undefined;

async function run({ messages, pause_before, pause_ms, throw_after }: FilledOf<typeof input>, ctx: Context<"memory">) {
  const state = (ctx.memory.state ?? { delivered: [], hasPaused: false }) as { delivered: string[]; hasPaused: boolean };
  const failure = await ctx.attempt(async () => {
    for (const message of messages.filter((each) => !state.delivered.includes(each))) {
      if (message === pause_before && !state.hasPaused) {
        state.hasPaused = true;
        await ctx.memory.save(state);
        ctx.memory.continueLater(pause_ms);
        return;
      }
      sent.push(message);
      state.delivered.push(message);
      await beforeKeep();
      await ctx.memory.save(state);
      if (message === throw_after && sent.filter((each) => each === message).length === 1) throw new TypeError("a bug");
    }
  });
  return { status: failure === null ? ("ok" as const) : ("error" as const), failure, delivered: state.delivered };
}

const probe = await prepare(defineProbe({ name: "test.postman", summary: "Delivers.", version: "1.0.0", needs: ["memory"], input, output, run }));

let folder: string;
let queue: Queue;

beforeEach(async () => {
  sent = [];
  beforeKeep = async () => undefined;
  folder = await mkdtemp(join(tmpdir(), "probe-run-memory-"));
  queue = await openQueue(`sqlite:${join(folder, "queue.db")}`);
});
afterEach(async () => {
  await queue.close();
  await rm(folder, { recursive: true });
});

const enqueue = (id: string, given: object, options: JobOptions = {}) =>
  queue.jobs.push([jobMessage(probe, { name: "test.postman", version: null }, given, { id, backoffMs: 1, ...options })]);

function worker(more: Partial<WorkerSettings> = {}): Worker {
  const common = { jobs: queue.jobs, results: null, concurrency: 4, leaseMs: 30_000, limits: NO_LIMITS, drain: true, waitMs: 100 };
  return new Worker({ ...common, probes: { get: async () => probe }, mayResolve: () => true, targets: null, onTrouble: () => undefined, ...more });
}

async function consumed() {
  const events: Record<string, unknown>[] = [];
  for await (const { body, ack } of consume(queue, { drain: true })) {
    events.push(JSON.parse(body));
    await ack();
  }
  return events;
}

test("a job that continues later leaves an interim result, then the last one", async () => {
  await enqueue("j", { messages: ["a", "b", "c"], pause_before: "b" });
  const working = worker();
  await working.run();
  expect(sent).toEqual(["a", "b", "c"]);
  expect(working.stats.endings).toMatchObject({ later: 1, ok: 1, retried: 0 });
  const [interim, last, ...more] = await consumed();
  expect(interim).toMatchObject({ id: "j:result:1", jobid: "j", attempt: 1, part: 1, data: { delivered: ["a"] } });
  expect(last).toMatchObject({ id: "j:result", jobid: "j", attempt: 1, data: { delivered: ["a", "b", "c"] } });
  expect(last).not.toHaveProperty("part");
  expect(more).toEqual([]);
  expect(await queue.jobs.counts()).toMatchObject({ done: 1, delayed: 0, waiting: 0 });
});

test("interim results are forwarded like the last ones, before their job continues", async () => {
  const path = join(folder, "results.jsonl");
  const elsewhere = await openQueue(`file:${path}`);
  await enqueue("j", { messages: ["a", "b"], pause_before: "b" });
  const working = worker({ results: elsewhere.results });
  await working.run();
  await elsewhere.close();
  const lines = (await readFile(path, "utf8")).trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line)).map(({ id, part, data }) => [id, part, data.delivered])).toEqual([
    ["j:result:1", 1, ["a"]],
    ["j:result", undefined, ["a", "b"]],
  ]);
  expect(working.stats.endings).toMatchObject({ later: 1, ok: 1 });
});

test("while it waits, its job is delayed", async () => {
  await enqueue("j", { messages: ["a", "b"], pause_before: "b", pause_ms: 60_000 });
  const working = worker({ drain: false });
  const running = working.run();
  await expect.poll(async () => (await queue.jobs.counts()).delayed, { interval: 5 }).toBe(1);
  expect(await queue.jobs.counts()).toMatchObject({ waiting: 0, leased: 0, delayed: 1 });
  working.stop(1000);
  await running;
});

test("a run that throws is retried, and repeats nothing that it had saved", async () => {
  await enqueue("j", { messages: ["a", "b", "c"], throw_after: "b" });
  const working = worker();
  await working.run();
  expect(sent).toEqual(["a", "b", "c"]);
  expect(working.stats.endings).toMatchObject({ ok: 1, retried: 1 });
});

test("a retried dead letter continues where it was", async () => {
  await enqueue("j", { messages: ["a", "b", "c"], throw_after: "a" }, { maxAttempts: 1 });
  await worker().run();
  expect(await queue.jobs.deadLetters(10)).toHaveLength(1);
  await queue.jobs.retryDead(null);
  await worker().run();
  expect(sent).toEqual(["a", "b", "c"]);
});

test("a run that lost its lease learns so when it saves its state, and stops", async () => {
  await enqueue("j", { messages: ["a", "b"] });
  const claim = async (leaseMs: number) => (await queue.jobs.claim({ max: 1, leaseMs, waitMs: 2000, limits: NO_LIMITS }))[0] as LeasedMessage;
  // No heartbeat renews this lease.
  const first = await claim(50);
  let second: LeasedMessage | null = null;
  beforeKeep = async () => {
    second = await claim(30_000);
  };
  const saveState = async (leased: LeasedMessage, state: string) => (await queue.jobs.saveState([{ message: leased, state }]))[0] as SettleAnswer;
  const { outcome, report } = await execute(
    first,
    { probes: { get: async () => probe }, mayResolve: () => true, targets: null, saveState },
    new Cancellation(),
  );
  expect(report?.carried.failure).toMatchObject({ phase: "probe", code: "cancelled" });
  expect(sent).toEqual(["a"]);
  expect(await queue.jobs.settle([{ message: first, outcome }])).toEqual(["lost"]);
  expect(second).toMatchObject({ attempt: 2, savedState: null });
});
