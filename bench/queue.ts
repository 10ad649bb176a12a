import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { QueueAnswer, QueueRequest } from "./contenders/queue-rounds.js";
import { measureProcesses } from "./queue-processes.js";
import type { Bench, Setting } from "./support/bench.js";
import { type Child, startChild } from "./support/child.js";
import type { Figure, Goal } from "./support/figure.js";
import { QUEUE_LINES, ratesOf } from "./support/queue-lines.js";
import { interleaved } from "./support/rounds.js";
import { ratios, spreadOf } from "./support/statistics.js";
import type { Workshop } from "./support/workshop.js";

export const queue: Bench = {
  name: "queue",
  summary: "Jobs that do nothing through our queue in a file, beside its statements used bare; and network.smtp through `work`.",
  measure: async (setting) => [...(await measureStore(setting)), ...(await measureProcesses(setting))],
};

const BARE = "SQLite, bare";
const STORE = "the store";
const NOOP = "a probe that does nothing";
const GOAL: Goal = { of: "ratio", at: "least", value: 0.7 };
const JOBS = 20_000;
const QUICK_JOBS = 2000;
const CONCURRENCY = 64;

async function measureStore({ workshop, quick, progress }: Setting): Promise<Figure[]> {
  const children = new Map<string, Child>();
  const jobs = quick ? QUICK_JOBS : JOBS;
  try {
    for (const [name, args] of argumentsOf(workshop)) children.set(name, await startChild(process.execPath, args));
    const contenders = new Map([...children].map(([name, child]) => [name, () => round(child, workshop, jobs)]));
    // Once for nothing: all have to be compiled and warm.
    await interleaved(1, contenders, progress);
    const measured = await interleaved(quick ? 1 : 5, contenders, progress);
    return [STORE, NOOP].flatMap((ours) => figures(ours, measured, jobs));
  } finally {
    for (const child of children.values()) await child.stop();
  }
}

function argumentsOf({ script, library }: Workshop): Map<string, string[]> {
  return new Map([
    [STORE, [script("queueOurs"), library]],
    [NOOP, [script("queueNoop"), library, script("noopProbe")]],
    [BARE, [script("queueSqliteBare")]],
  ]);
}

function round(child: Child, { folder }: Workshop, jobs: number): Promise<QueueAnswer> {
  const prefix = randomUUID();
  const path = join(folder, `${prefix}.db`);
  const request: QueueRequest = { url: `sqlite:${path}`, port: null, path, prefix, jobs, concurrency: CONCURRENCY };
  return child.ask<QueueAnswer>(request);
}

function figures(who: string, measured: ReadonlyMap<string, readonly QueueAnswer[]>, jobs: number): Figure[] {
  return QUEUE_LINES.map(([name, milliseconds]) => {
    const [ours, peers] = [who, BARE].map((each) => ratesOf(jobs, milliseconds, measured.get(each) as QueueAnswer[])) as [number[], number[]];
    const values = { ours: spreadOf(ours), peers: spreadOf(peers), ratio: ratios(ours, peers) };
    return { bench: queue.name, name: `${name}, ${who}`, unit: "jobs/s", peer: BARE, ...values, goal: GOAL, skipped: null };
  });
}
