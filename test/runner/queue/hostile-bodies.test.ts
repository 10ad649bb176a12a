import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Channel } from "../../../runner/queue/backend.js";
import { consume } from "../../../runner/queue/consume.js";
import { createWorker } from "../../../runner/queue/create-worker.js";
import { openQueue, type Queue } from "../../../runner/queue/queue.js";
import { readEvent } from "../../../runner/queue/read-event.js";
import { message } from "./backend-contract.js";

const nested = (depth: number, [open, close]: readonly [string, string] = ["[", "]"]) => open.repeat(depth) + close.repeat(depth);
const job = (input: string) =>
  `{"specversion":"1.0","id":"x","source":"x","type":"probe-run.job","data":{"probe":"network.smtp","version":"2.0.0","input":${input}}}`;
const event = (data: string) => `{"specversion":"1.0","id":"x","source":"x","type":"probe-run.result","data":${data}}`;

const BODIES: readonly (readonly [string, string])[] = [
  ["an array 5,000 levels deep", nested(5000)],
  ["an array a million levels deep", nested(1_000_000)],
  ["a job whose input is that deep", job(`{"target_host":${nested(5000)}}`)],
  ["objects, one inside the other", job(nested(5000, ['{"a":', "}"]).replace(":}", ":1}"))],
  ["brackets that never close", "[".repeat(100_000)],
  ["a result that is that deep", event(`{"a":\n${nested(5000)}}`)],
  ["nothing", ""],
  ["a number", "1e999"],
  ["a job with a prototype", job('{"__proto__":{"target_host":1}}')],
  ["lone surrogates and NUL", job('"\\ud800\\u0000"')],
];

let folder: string;
let queue: Queue;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "probe-run-hostile-"));
  queue = await openQueue(`sqlite:${join(folder, "queue.db")}`);
});
afterEach(async () => {
  await queue.close();
  await rm(folder, { recursive: true });
});

describe("an unreadable body is a dead letter at its first claim", () => {
  test.each(BODIES)("%s, as a job", async (_, body) => {
    await queue.jobs.push([{ ...message("hostile"), body }]);
    const { id } = await queue.enqueue("network.smtp", { target_host: "127.0.0.1", target_port: 1 });
    const worker = await createWorker(queue, { drain: true });
    await worker.run();
    expect(await queue.jobs.deadLetters(10)).toMatchObject([{ id: "hostile", attempts: 1, failure: { reason: "poisoned" } }]);
    expect(await queue.jobs.counts()).toMatchObject({ waiting: 0, leased: 0, done: 1 });
    expect((await (queue.results as Channel).claim({ max: 2, leaseMs: 1000, waitMs: 0, limits: { all: null, eachKey: null, keys: {} } }))[0]?.id).toBe(
      `${id}:result`,
    );
  });

  test.each(BODIES)("%s, as a result", async (_, body) => {
    const results = queue.results as Channel;
    const good = event('{"status":"ok"}').replace(
      '"id":"x"',
      '"id":"good","subject":"network.smtp@2.0.0","time":"2026-01-01T00:00:00Z","datacontenttype":"application/json","dataschema":"urn:x"',
    );
    await results.push([
      { ...message("hostile"), body },
      { ...message("good"), body: good },
    ]);
    const seen: string[] = [];
    for await (const consumed of consume(queue, { drain: true })) {
      seen.push(consumed.event.id);
      await consumed.ack();
    }
    expect(seen).toEqual(["good"]);
    expect(await results.deadLetters(10)).toMatchObject([{ id: "hostile", attempts: 1, failure: { reason: "poisoned" } }]);
  });
});

describe("the limit of nesting", () => {
  test("is 128 levels, with any strings", () => {
    expect(typeof readEvent(nested(128))).toBe("object");
    expect(readEvent(nested(129))).toContain("deep");
    expect(typeof readEvent(JSON.stringify({ text: `\\"${"[".repeat(1000)}`, more: "{".repeat(1000) }))).toBe("object");
    expect(typeof readEvent(JSON.stringify(Array.from({ length: 1000 }, () => [[]])))).toBe("object");
  });
});
