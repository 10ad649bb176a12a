import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import "../../runner/capabilities.js";
import { openQueue, type Queue } from "../../runner/queue/queue.js";
import type { LabSite, LabSitesReady } from "../peers/lab-sites.js";
import { startChild } from "../support/child.js";
import { mainThreadTime, processorTime } from "../support/processor-time.js";
import { meanSpread } from "../support/statistics.js";
import { transactionsOf } from "../support/store-transactions.js";
import type { Workshop } from "../support/workshop.js";
import { randomOf } from "./random.js";
import type { Fleet, Scenario, SiteGroup } from "./scenario.js";

/** What a real run of a scenario showed, in the terms of the simulation. */
export interface Measured {
  readonly totalMs: number;
  readonly mostMs: number;
  readonly attempts: number;
  readonly failed: number;
  /** Of the last attempt of each job. */
  readonly meanRunMs: number;
  /** The middle half of the runs of one group is this wide; the mean of all groups. */
  readonly runSpreadMs: number;
  /** Processor time of the workers for all jobs; null where the system does not say. */
  readonly cpuMs: number | null;
  /** The part of it that their main threads used. */
  readonly mainCpuMs: number | null;
  readonly transactions: number;
  /** The parts of these until half of the jobs were done, and how many that were. */
  readonly firstHalf: Used & { readonly jobs: number };
}

/** Runs a scenario through `probe-run work` on one SQLite file, against servers on the loopback that behave as its sites do. */
export async function measureRun(scenario: Scenario, fleet: Fleet, { folder, command, script }: Workshop, say: (text: string) => void): Promise<Measured> {
  const kinds = scenario.groups.map(({ thinkMs, silentShare, greylistShare }): LabSite => {
    return { thinkMs, isSilent: silentShare === 1, isGreylisting: greylistShare === 1 };
  });
  const servers = await startChild<LabSitesReady>(process.execPath, [script("labSites"), JSON.stringify(kinds)]);
  const path = join(folder, `${randomUUID()}.db`);
  const url = `sqlite:${path}`;
  const queue = await openQueue(url);
  const workers: ChildProcess[] = [];
  try {
    await enqueueAll(queue, scenario, servers.ready.ports, say);
    await queue.jobs.pause();
    for (let process = 0; process < fleet.processes; process += 1) workers.push(startWorker(command, url, scenario, fleet));
    await sleep(START_MS);
    return await watch({ queue, path, workers }, scenario, say);
  } finally {
    for (const worker of workers) await stop(worker);
    await queue.close();
    await servers.stop();
  }
}

/** Until every worker has loaded its code and waits for the queue to open. */
const START_MS = 5000;
const LOOK_EVERY_MS = 250;
const ENQUEUED_TOGETHER = 500;

function startWorker(command: string, url: string, { groups }: Scenario, { concurrency }: Fleet): ChildProcess {
  const limits = groups.flatMap(({ limit }) => (limit === null ? [] : [limit]));
  const { atOnce, rate } = limits[0] ?? {};
  const written = [atOnce ?? null, rate === null || rate === undefined ? null : `${rate.perSecond}/s`].filter((part) => part !== null).join(",");
  const options = ["--queue", url, "--concurrency", String(concurrency), ...(written === "" ? [] : ["--limit", `key=${written}`])];
  return spawn(process.execPath, [command, "work", ...options], { stdio: ["ignore", "ignore", "ignore"] });
}

async function stop(worker: ChildProcess): Promise<void> {
  if (worker.exitCode !== null || worker.signalCode !== null) return;
  const gone = once(worker, "exit");
  worker.kill();
  await gone;
}

/** The jobs of all sites, mixed: the same order for the same seed. */
async function enqueueAll(queue: Queue, { groups, timeoutMs, deferMs, seed }: Scenario, ports: readonly number[], say: (text: string) => void): Promise<void> {
  const random = randomOf(seed);
  const jobs = groups.flatMap((group, index) =>
    Array.from({ length: group.jobs }, (_, nth) => ({ group, port: ports[index] as number, nth, order: random() })),
  );
  jobs.sort((a, b) => a.order - b.order);
  for (let from = 0; from < jobs.length; from += ENQUEUED_TOGETHER) {
    say(`enqueuing ${from} of ${jobs.length}`);
    await Promise.all(
      jobs.slice(from, from + ENQUEUED_TOGETHER).map(({ group, port, nth }) =>
        queue.enqueue("network.smtp@2", inputOf(group, port, nth, timeoutMs), {
          id: `${group.name}-${nth}`,
          key: `${nth % group.sites}.${group.name}`,
          retryFailures: group.greylistShare > 0,
          backoffMs: deferMs[1],
          backoffMostMs: deferMs[1],
        }),
      ),
    );
  }
}

/** Every job says a name of its own, by which a greylisting server knows it again. */
function inputOf({ name }: SiteGroup, port: number, nth: number, timeoutMs: number) {
  const helo = `${nth}.${name}.bench.example`;
  return { target_host: "127.0.0.1", target_port: port, tls: { mode: "none" }, helo_domain: helo, command_timeout_ms: timeoutMs } as const;
}

interface Observed {
  readonly queue: Queue;
  readonly path: string;
  readonly workers: readonly ChildProcess[];
}

async function watch({ queue, path, workers }: Observed, scenario: Scenario, say: (text: string) => void): Promise<Measured> {
  const total = scenario.groups.reduce((sum, { jobs }) => sum + jobs, 0);
  const sumOf = (timeOf: (pid: number) => number | null): number | null =>
    workers.reduce<number | null>((sum, { pid }) => added(sum, timeOf(pid as number)), 0);
  const used = (): Used => ({ cpuMs: sumOf(processorTime), mainCpuMs: sumOf(mainThreadTime), transactions: transactionsOf(path) });
  await queue.jobs.resume();
  const before = used();
  const began = performance.now();
  let mostMs = 0;
  let firstHalf: Measured["firstHalf"] | null = null;
  for (;;) {
    const { done, dead } = await queue.jobs.counts();
    const passed = performance.now() - began;
    if (mostMs === 0 && done >= total * 0.99) mostMs = passed;
    if (firstHalf === null && done >= total / 2) firstHalf = { jobs: done, ...difference(used(), before) };
    if (dead > 0) throw new Error(`${dead} jobs are dead letters`);
    if (done >= total) {
      const all = difference(used(), before);
      return { totalMs: passed, mostMs, ...all, firstHalf: firstHalf ?? { jobs: done, ...all }, ...(await readResults(queue, total, say)) };
    }
    say(`${done} of ${total} jobs done`);
    await sleep(LOOK_EVERY_MS);
  }
}

interface Used {
  readonly cpuMs: number | null;
  readonly mainCpuMs: number | null;
  readonly transactions: number;
}

function difference(after: Used, before: Used): Used {
  const passed = (late: number | null, early: number | null): number | null => (late === null || early === null ? null : late - early);
  return {
    cpuMs: passed(after.cpuMs, before.cpuMs),
    mainCpuMs: passed(after.mainCpuMs, before.mainCpuMs),
    transactions: after.transactions - before.transactions,
  };
}

function added(sum: number | null, microseconds: number | null): number | null {
  return sum === null || microseconds === null ? null : sum + microseconds / 1000;
}

interface ResultBody {
  readonly jobid: string;
  readonly attempt: number;
  readonly data: { readonly status: string; readonly duration_ms: number };
}

async function readResults(queue: Queue, total: number, say: (text: string) => void) {
  const { results } = queue;
  if (!("claim" in results)) throw new Error("the results of this store cannot be read");
  let [seen, attempts, failed, runMs] = [0, 0, 0, 0];
  const groups = new Map<string, number[]>();
  while (seen < total) {
    say(`reading result ${seen} of ${total}`);
    const messages = await results.claim({ max: 1000, leaseMs: 60_000, limits: { all: null, eachKey: null, keys: {} }, waitMs: 1000, signal: neverAborted });
    if (messages.length === 0) throw new Error(`${total} jobs are done, and only ${seen} have a result`);
    for (const { body } of messages) {
      const { jobid, attempt, data } = JSON.parse(body) as ResultBody;
      seen += 1;
      attempts += attempt;
      failed += Number(data.status === "error");
      runMs += data.duration_ms;
      const group = jobid.slice(0, jobid.lastIndexOf("-"));
      const durations = groups.get(group);
      if (durations === undefined) groups.set(group, [data.duration_ms]);
      else durations.push(data.duration_ms);
    }
    await results.settle(messages.map((message) => ({ message, outcome: { kind: "done", result: null } })));
  }
  return { attempts, failed, meanRunMs: runMs / total, runSpreadMs: meanSpread([...groups.values()]) };
}

const neverAborted = new AbortController().signal;
