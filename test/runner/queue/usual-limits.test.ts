import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { NO_LIMITS } from "../../../runner/limits/limits.js";
import { createWorker, type WorkerOptions } from "../../../runner/queue/create-worker.js";
import { openQueue, type Queue } from "../../../runner/queue/queue.js";
import { completed } from "../../../runner/queue/worker-stats.js";
import { knowsThree, type MailboxServer, startMailboxServer } from "../../support/mailbox-server.js";
import { rcptInput } from "../../support/rcpt-behaviours.js";

let folder: string;
let queue: Queue;
let server: MailboxServer;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "probe-run-usual-limits-"));
  queue = await openQueue(`sqlite:${join(folder, "queue.db")}`);
  server = await startMailboxServer({ answer: knowsThree });
});
afterEach(async () => {
  await queue.close();
  await server.close();
  await rm(folder, { recursive: true });
});

const enqueue = (emails: string[], key = "site") => queue.enqueue("mail.rcpt", { ...rcptInput(server.port), emails, catch_all: false }, { key });

/** When the server was asked, in milliseconds since the worker began: the first question may arrive late on a busy machine. */
async function drained(options: WorkerOptions = {}): Promise<number[]> {
  const worker = await createWorker(queue, { drain: true, ...options });
  const began = performance.now();
  await worker.run();
  return server.askedAt.map((at) => at - began);
}

test("without limits for the worker, a site is checked once per second", async () => {
  for (let count = 0; count < 3; count++) await enqueue(["ada@example.org"]);
  const [, second, third] = await drained();
  expect(second).toBeGreaterThan(1000);
  expect(third).toBeGreaterThan(2000);
});

test("the limit counts addresses, not jobs, and other sites do not wait", async () => {
  await enqueue(["ada@example.org", "bob@example.org"], "one");
  await enqueue(["cem@example.org"], "one");
  await enqueue(["zed@example.org"], "two");
  const asked = await drained();
  const [first, , third, fourth] = asked as [number, number, number, number];
  expect(third - first).toBeLessThan(900);
  expect(fourth).toBeGreaterThan(2000);
});

test("given limits apply instead", async () => {
  for (let count = 0; count < 5; count++) await enqueue(["ada@example.org"]);
  const asked = await drained({ limits: NO_LIMITS });
  expect((asked[4] as number) - (asked[0] as number)).toBeLessThan(900);
});

test("waiting jobs are released when the worker stops", async () => {
  for (let count = 0; count < 10; count++) await enqueue(["ada@example.org"]);
  const worker = await createWorker(queue);
  const running = worker.run();
  while (completed(worker.stats) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const stopped = performance.now();
  worker.stop(20_000);
  await running;
  expect(performance.now() - stopped).toBeLessThan(2000);
  const { waiting, leased, done } = await queue.jobs.counts();
  expect({ leased, all: waiting + done }).toEqual({ leased: 0, all: 10 });
  expect(waiting).toBeGreaterThan(6);
});
