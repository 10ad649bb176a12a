import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openQueue } from "../../../../runner/queue/queue.js";
import { Immortal, Program } from "./program.js";

/** Sends messages, saves each, continues later in the middle, and logs what it did to a file. */
const SENDER = `
  import { appendFileSync } from "node:fs";
  import { contract, defineProbe, outputOf } from "probe-run";
  const input = contract({ type: "object", properties: { job: { type: "integer" } }, required: ["job"], additionalProperties: false });
  const output = contract(outputOf({ delivered: { type: "integer" } }));
  const MESSAGES = 6;
  async function run({ job }, ctx) {
    let delivered = ctx.memory.state ?? 0;
    const failure = await ctx.attempt(async () => {
      while (delivered < MESSAGES) {
        appendFileSync(process.env.SENDERS_LOG, "sent " + job + " " + delivered + "\\n");
        delivered += 1;
        await ctx.memory.save(delivered);
        appendFileSync(process.env.SENDERS_LOG, "saved " + job + " " + (delivered - 1) + "\\n");
        if (delivered === MESSAGES / 2) return ctx.memory.continueLater(100);
      }
    });
    return { status: "ok", failure, delivered };
  }
  export default defineProbe({ name: "sender", summary: "Delivers.", needs: ["memory"], version: "1.0.0", input, output, run });
`;
const JOBS = 400;

test("kill -9 of workers: what a job has saved is never done again, and every job ends", async () => {
  const cwd = await mkdtemp(join(tmpdir(), "probe-run-sender-"));
  const log = join(cwd, "log");
  await writeFile(join(cwd, "sender.mjs"), SENDER);
  await writeFile(log, "");
  const stdin = Array.from({ length: JOBS }, (_, job) => `${JSON.stringify({ job })}\n`).join("");
  const enqueue = new Program(["enqueue", "./sender.mjs", "-", "--batch", "job", "--attempts", "1000"], { cwd, stdin });
  expect(await enqueue.ended).toMatchObject({ code: 0 });
  const argv = ["work", "--probe", "./sender.mjs", "--drain", "--concurrency", "8", "--lease", "700"];
  const workers = [0, 1].map(() => new Immortal(() => new Program(argv, { cwd, env: { SENDERS_LOG: log } }), [300, 900]));
  await Promise.all(workers.map((worker) => worker.finished()));

  const saved = new Set<string>();
  const again: string[] = [];
  for (const line of (await readFile(log, "utf8")).split("\n")) {
    const [what, ...message] = line.split(" ");
    const name = message.join(" ");
    if (what === "saved") saved.add(name);
    else if (saved.has(name)) again.push(name);
  }
  expect(again).toEqual([]);
  expect(workers.reduce((sum, { kills }) => sum + kills, 0)).toBeGreaterThan(1);
  const queue = await openQueue(`sqlite:${join(cwd, ".probe-run/queue.db")}`);
  expect(await queue.jobs.counts()).toMatchObject({ waiting: 0, delayed: 0, leased: 0, dead: 0, done: JOBS });
  await queue.close();

  const consume = new Program(["consume", "--drain"], { cwd });
  await consume.ended;
  const results = consume.lines.map((line) => JSON.parse(line) as { id: string; jobid: string; part?: number; data: { delivered: number } });
  expect(new Set(results.map(({ id }) => id)).size).toBe(results.length);
  expect(results.filter(({ part }) => part === undefined).map(({ data }) => data.delivered)).toEqual(new Array(JOBS).fill(6));
  const interim = results.filter(({ part }) => part !== undefined);
  expect(interim.every(({ id, jobid, part, data }) => id === `${jobid}:result:${part}` && part === 1 && data.delivered === 3)).toBe(true);
  // A job that was killed after saving its third message, and before it was delayed, has none.
  expect(interim.length).toBeGreaterThan(JOBS * 0.9);
  await rm(cwd, { recursive: true });
}, 120_000);
