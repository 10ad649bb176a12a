import { randomUUID } from "node:crypto";
import type { QueueAnswer, QueueRequest } from "./contenders/queue-rounds.js";
import { type RedisServer, startRedisServer } from "./peers/redis-server.js";
import type { Bench, Setting } from "./support/bench.js";
import { type Child, startChild } from "./support/child.js";
import type { Figure, Goal } from "./support/figure.js";
import { QUEUE_LINES, ratesOf } from "./support/queue-lines.js";
import { interleaved } from "./support/rounds.js";
import { ratios, spreadOf } from "./support/statistics.js";

export const queueRedis: Bench = {
  name: "queue-redis",
  summary: "Jobs that do nothing through our queue on Redis, beside BullMQ used bare.",
  measure,
};

const OURS = "probe-run";
const BARE = "BullMQ, bare";
const GOAL: Goal = { of: "ratio", at: "least", value: 0.8 };
const JOBS = 20_000;
const QUICK_JOBS = 2000;
const CONCURRENCY = 64;

async function measure(setting: Setting): Promise<Figure[]> {
  const { workshop, quick, progress } = setting;
  const redis = await startRedisServer(workshop.folder);
  if (redis === null) return QUEUE_LINES.map(([name]) => skipped(name));
  const children: Child[] = [];
  try {
    const ours = await startChild(process.execPath, [workshop.script("queueOurs"), workshop.library]);
    children.push(ours);
    const bare = await startChild(process.execPath, [workshop.script("queueRedisBare")]);
    children.push(bare);
    const jobs = quick ? QUICK_JOBS : JOBS;
    const contenders = new Map([
      [OURS, () => round(ours, redis, jobs)],
      [BARE, () => round(bare, redis, jobs)],
    ]);
    // Once for nothing: both have to be compiled and warm.
    await interleaved(1, contenders, progress);
    const measured = await interleaved(quick ? 1 : 3, contenders, progress);
    return QUEUE_LINES.map(([name, milliseconds]) => {
      return figure(name, ratesOf(jobs, milliseconds, measured.get(OURS) as QueueAnswer[]), ratesOf(jobs, milliseconds, measured.get(BARE) as QueueAnswer[]));
    });
  } finally {
    for (const child of children.reverse()) await child.stop();
    await redis.stop();
  }
}

function round(child: Child, { port }: RedisServer, jobs: number): Promise<QueueAnswer> {
  const prefix = randomUUID();
  const request: QueueRequest = { url: `redis://127.0.0.1:${port}/0?prefix=${prefix}`, port, path: null, prefix, jobs, concurrency: CONCURRENCY };
  return child.ask<QueueAnswer>(request);
}

function figure(name: string, ours: readonly number[], peers: readonly number[]): Figure {
  const values = { ours: spreadOf(ours), peers: spreadOf(peers), ratio: ratios(ours, peers) };
  return { bench: queueRedis.name, name, unit: "jobs/s", peer: BARE, ...values, goal: GOAL, skipped: null };
}

function skipped(name: string): Figure {
  const nothing = { ours: null, peers: null, ratio: null };
  return {
    bench: queueRedis.name,
    name,
    unit: "jobs/s",
    peer: BARE,
    ...nothing,
    goal: GOAL,
    skipped: "redis-server is not installed; on Debian: apt-get install redis-server",
  };
}
