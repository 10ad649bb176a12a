import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openQueue } from "../../../../runner/queue/queue.js";
import { Immortal, Program } from "./program.js";

/** `npm run test:long` runs more rounds. */
const ROUNDS = process.env.PROBE_RUN_LONG === "1" ? 20 : 3;
const JOBS = 5000;
const LINES = `${JSON.stringify({ target_host: "127.0.0.1", target_port: 1 })}\n`.repeat(JOBS);

describe("sqlite: kill -9 of producers, workers and consumers", () => {
  test.each(Array.from({ length: ROUNDS }, (_, round) => round + 1))(
    "round %i: no accepted job is lost, and a duplicate has the same id",
    async () => {
      const cwd = await mkdtemp(join(tmpdir(), "probe-run-kill-"));
      const start =
        (...argv: string[]) =>
        (stdin = "") =>
          new Program(argv, { cwd, stdin });
      const enqueue = start("enqueue", "network.smtp", "-", "--batch", "job", "--ids", "--attempts", "1000");
      const producer = new Immortal(() => enqueue(LINES), [150, 700]);
      const workers = [0, 1].map(() => new Immortal(() => start("work", "--concurrency", "8", "--lease", "700")(), [250, 900]));
      const consumer = new Immortal(() => start("consume", "--lease", "700", "--attempts", "1000")(), [250, 900]);
      try {
        await producer.finished();
        await seen(consumer, JOBS);
      } finally {
        await Promise.all([...workers, consumer].map((each) => each.end()));
      }
      const accepted = new Set(producer.lines);
      const results = consumer.lines.map((line) => JSON.parse(line) as { id: string; jobid: string; source: string });
      expect(accepted.size).toBe(JOBS);
      expect([...accepted].filter((id) => !results.some(({ jobid }) => jobid === id))).toEqual([]);
      expect(new Set(results.map(({ id }) => id)).size).toBe(JOBS);
      expect(results.filter(({ id, jobid, source }) => id !== `${jobid}:result` || source !== "probe-run")).toEqual([]);
      expect(workers.reduce((sum, { kills }) => sum + kills, consumer.kills)).toBeGreaterThan(2);
      await expectSound(cwd);
      await rm(cwd, { recursive: true });
    },
    120_000,
  );
});

async function seen(consumer: Immortal, jobs: number): Promise<void> {
  const until = Date.now() + 100_000;
  const ids = (): number => new Set(consumer.lines.map((line) => line.slice(0, 80))).size;
  while (ids() < jobs && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 200));
}

async function expectSound(cwd: string): Promise<void> {
  const queue = await openQueue(`sqlite:${join(cwd, ".probe-run/queue.db")}`);
  expect(await queue.jobs.deadLetters(10)).toEqual([]);
  expect(await queue.jobs.counts()).toMatchObject({ waiting: 0, leased: 0, dead: 0, done: JOBS });
  await queue.close();
}
