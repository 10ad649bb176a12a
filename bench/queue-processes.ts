import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openQueue, type Queue } from "../runner/queue/queue.js";
import { HELO_DOMAIN } from "./contenders/prober.js";
import type { BareJobsRequest } from "./contenders/smtp-sqlite-bare.js";
import type { FloodAnswer } from "./contenders/tasks.js";
import { startSmtpSink } from "./peers/smtp-sink.js";
import type { Setting } from "./support/bench.js";
import { startChild } from "./support/child.js";
import { startProbeRun, startSlowSmtpServer } from "./support/contenders.js";
import type { Figure, Goal } from "./support/figure.js";
import { processorTime } from "./support/processor-time.js";
import { interleaved } from "./support/rounds.js";
import { ratios, spreadOf } from "./support/statistics.js";
import { transactionsOf } from "./support/store-transactions.js";
import type { Workshop } from "./support/workshop.js";

const ONE = "work, one process";
const TWO = "work, two processes";
const IN_PROCESS = "run, in process";
/** What a job costs with no more than the statements that make it durable. */
const WITH_SQLITE = "run, with SQLite bare";
/** The part that no queue in SQLite can avoid: the jobs are in memory, and only their results are stored. */
const WITH_RESULTS = "run, with only its result in SQLite";
const TWICE: Goal = { of: "ratio", at: "least", value: 1.7 };
/** Of a job through `work`, beside the probe itself. */
const JOB_COST: Goal = { of: "ratio", at: "most", value: 1.3 };

/** The targets of the jobs: one for which the processor is the limit, and a slow one, as most are. */
interface Target {
  readonly name: string;
  readonly port: number;
  readonly concurrency: number;
  readonly jobs: number;
  /** Rounds that are not counted: a process that runs for days is compiled within its first minute. */
  readonly warmUps: number;
  readonly rounds: number;
}

const NOOP_MS = 20;
const AT_ONCE = { name: "at once", concurrency: 64, jobs: 6000, warmUps: 4, rounds: 5 };
const LATE = { name: `after ${NOOP_MS} ms`, concurrency: 16, jobs: 1200, warmUps: 4, rounds: 5 };
const QUICK_EFFORT = { jobs: 500, warmUps: 1, rounds: 1 };

/** Jobs a second of network.smtp through `work`, once its processes are warm. */
export async function measureProcesses(setting: Setting): Promise<Figure[]> {
  const sink = await startSmtpSink(setting.workshop.folder);
  const late = await startSlowSmtpServer(setting.workshop, NOOP_MS);
  const effort = setting.quick ? QUICK_EFFORT : {};
  try {
    const figures = sink === null ? [] : await measureAgainst({ ...AT_ONCE, ...effort, port: sink.port }, setting);
    return [...figures, ...(await measureAgainst({ ...LATE, ...effort, port: late.ready.port }, setting))];
  } finally {
    await late.stop();
    await sink?.stop();
  }
}

async function measureAgainst(target: Target, { workshop, progress }: Setting): Promise<Figure[]> {
  const { port, jobs, concurrency, warmUps, rounds } = target;
  const started: { stop(): Promise<void> }[] = [];
  try {
    const alone = await startProbeRun(workshop);
    started.push(alone);
    const withSqlite = await startChild(process.execPath, [workshop.script("smtpSqliteBare"), workshop.library]);
    started.push(withSqlite);
    const contenders = new Map<string, () => Promise<WorkAnswer>>([
      [IN_PROCESS, () => alone.ask<FloodAnswer>({ task: "flood", port, total: jobs, concurrency })],
      [WITH_SQLITE, () => withSqlite.ask<FloodAnswer>(bareRequest(target, workshop, false))],
      [WITH_RESULTS, () => withSqlite.ask<FloodAnswer>(bareRequest(target, workshop, true))],
    ]);
    for (const [name, processes] of [ONE, TWO].map((each, index) => [each, index + 1] as const)) {
      const work = await startWork(workshop, processes, concurrency);
      started.push(work);
      contenders.set(name, () => workedOff(work, target));
    }
    await interleaved(warmUps, contenders, progress);
    const answers = await interleaved(rounds, contenders, progress);
    return [
      figure(target, ONE, IN_PROCESS, null, answers),
      figure(target, TWO, ONE, target.name === LATE.name ? TWICE : null, answers),
      ...costFigures(target, answers),
      transactionFigure(target, answers),
    ];
  } finally {
    for (const each of started.reverse()) await each.stop();
  }
}

/** A file for each round. */
function bareRequest({ port, jobs, concurrency }: Target, { folder }: Workshop, isResultsOnly: boolean): BareJobsRequest {
  return { task: "flood", port, total: jobs, concurrency, path: join(folder, `${randomUUID()}.db`), isResultsOnly };
}

interface Work {
  readonly queue: Queue;
  readonly path: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** The command, waiting for jobs. */
async function startWork({ folder, command }: Workshop, processes: number, concurrency: number): Promise<Work> {
  const path = join(folder, `${randomUUID()}.db`);
  const url = `sqlite:${path}`;
  const queue = await openQueue(url);
  const options = ["--queue", url, "--processes", String(processes), "--concurrency", String(concurrency)];
  const child = spawn(process.execPath, [command, "work", ...options], { stdio: ["ignore", "ignore", "ignore"] });
  return {
    queue,
    path,
    pid: child.pid as number,
    async stop() {
      const gone = once(child, "exit");
      child.kill();
      await gone;
      await queue.close();
    },
  };
}

/** A probe in process has no transactions. */
interface WorkAnswer extends FloodAnswer {
  readonly transactions?: number;
}

/** From the moment the jobs may be claimed until the last one is settled. The processor time is that of the process which was started. */
async function workedOff({ queue, path, pid }: Work, { port, jobs }: Target): Promise<WorkAnswer> {
  const input = { target_host: "127.0.0.1", target_port: port, tls: { mode: "none" }, helo_domain: HELO_DOMAIN } as const;
  await queue.jobs.pause();
  await Promise.all(Array.from({ length: jobs }, () => queue.enqueue("network.smtp@2", input)));
  await queue.jobs.purge("done");
  const cpuBefore = processorTime(pid);
  await queue.jobs.resume();
  const transactionsBefore = transactionsOf(path);
  const began = performance.now();
  for (;;) {
    const { done } = await queue.jobs.counts();
    if (done === jobs) {
      const seconds = (performance.now() - began) / 1000;
      const cpuAfter = processorTime(pid);
      const cpuMicroseconds = cpuAfter === null || cpuBefore === null ? null : (cpuAfter - cpuBefore) / jobs;
      return { seconds, cpuMicroseconds, transactions: (transactionsOf(path) - transactionsBefore) / jobs };
    }
    await sleep(LOOK_EVERY_MS);
  }
}

const LOOK_EVERY_MS = 20;

type Answers = ReadonlyMap<string, readonly WorkAnswer[]>;

function figure(target: Target, name: string, peer: string, goal: Goal | null, answers: Answers): Figure {
  const rates = (contender: string): number[] => (answers.get(contender) as readonly WorkAnswer[]).map(({ seconds }) => target.jobs / seconds);
  const [ours, peers] = [rates(name), rates(peer)];
  const values = { ours: spreadOf(ours), peers: spreadOf(peers), ratio: ratios(ours, peers) };
  return { bench: "queue", name: `network.smtp answered ${target.name}: ${name}`, unit: "jobs/s", peer, ...values, goal, skipped: null };
}

/** What the queue adds to a probe, and to a probe with SQLite. Against a server that answers late, a worker idles and wakes up: that is measured as well. */
function costFigures(target: Target, answers: Answers): Figure[] {
  const goal = target.name === LATE.name ? null : JOB_COST;
  return [
    ...costFigure(`CPU a job, ${titleOf(target)}`, ONE, IN_PROCESS, goal, answers),
    ...costFigure(`CPU a job, ${titleOf(target)}`, ONE, WITH_SQLITE, null, answers),
    ...[WITH_SQLITE, WITH_RESULTS].flatMap((bare) => costFigure(`CPU a job, ${titleOf(target)}: ${bare}`, bare, IN_PROCESS, null, answers)),
  ];
}

function costFigure(name: string, who: string, peer: string, goal: Goal | null, answers: Answers): Figure[] {
  const costs = (contender: string): number[] =>
    (answers.get(contender) as readonly WorkAnswer[]).map(({ cpuMicroseconds }) => cpuMicroseconds).filter((cost) => cost !== null);
  const [ours, peers] = [costs(who), costs(peer)];
  if (ours.length === 0 || ours.length !== peers.length) return [];
  const values = { ours: spreadOf(ours), peers: spreadOf(peers), ratio: ratios(ours, peers) };
  return [{ bench: "queue", name, unit: "µs", peer, ...values, goal, skipped: null }];
}

/** How many transactions of the store a job takes: the fewer slots become free at a time, the more. */
function transactionFigure(target: Target, answers: Answers): Figure {
  const ours = (answers.get(ONE) as readonly WorkAnswer[]).map(({ transactions }) => transactions as number);
  const name = `transactions a job, ${titleOf(target)}`;
  return { bench: "queue", name, unit: "transactions", peer: "", ours: spreadOf(ours), peers: null, ratio: null, goal: null, skipped: null };
}

function titleOf({ name }: Target): string {
  return name === LATE.name ? `network.smtp answered ${name}` : "network.smtp through work";
}
