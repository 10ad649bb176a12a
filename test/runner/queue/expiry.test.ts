import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { consume } from "../../../runner/queue/consume.js";
import { createWorker } from "../../../runner/queue/create-worker.js";
import { atLocation } from "../../../runner/queue/location.js";
import { openQueue } from "../../../runner/queue/queue.js";

const folder = mkdtempSync(join(tmpdir(), "probe-run-expiry-"));
afterAll(() => rmSync(folder, { recursive: true }));

const INPUT = { target_host: "127.0.0.1", target_port: 1, timeout_ms: 2000 };

test("a job that has not begun in time ends without a result; another one names the place of its worker", async () => {
  const queue = await openQueue(`sqlite:${join(folder, "queue.db")}`);
  await queue.enqueue("network.tcp", INPUT, { id: "late", notAfter: Date.now() - 1 });
  await queue.enqueue("network.tcp", INPUT, { id: "in-time", notAfter: Date.now() + 3_600_000 });
  const worker = await createWorker(queue, { drain: true, location: "fra" });
  await worker.run();
  expect(worker.stats.endings).toMatchObject({ expired: 1, error: 1, dead: 0 });
  const events: object[] = [];
  for await (const { event, ack } of consume(queue, { drain: true })) {
    events.push(event);
    await ack();
  }
  expect(events).toMatchObject([{ id: "in-time:result", location: "fra" }]);
  expect(await queue.jobs.counts()).toMatchObject({ waiting: 0, delayed: 0, leased: 0, dead: 0, done: 2 });
  await queue.close();
});

test("each place has a queue of its own, on Redis only", () => {
  expect(atLocation("redis://user:word@host:6380/2", "fra")).toBe("redis://user:word@host:6380/2?prefix=probe-run.fra");
  expect(atLocation("rediss://host/0?prefix=mail", "new-york")).toBe("rediss://host/0?prefix=mail.new-york");
  for (const [url, place] of [
    ["sqlite:queue.db", "fra"],
    ["", "fra"],
    ["redis://host", "Fra"],
    ["redis://host", "fra.nyc"],
  ] as const)
    expect(() => atLocation(url, place), `${url} ${place}`).toThrow("the location cannot be used");
});
