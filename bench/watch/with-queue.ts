import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openLog } from "../../runner/queue/open-log.js";
import { startRedisServer } from "../peers/redis-server.js";
import type { Setting } from "../support/bench.js";
import { startStarttlsServer } from "../support/contenders.js";
import type { Figure } from "../support/figure.js";
import { mostResidentKib, type Program, startProgram } from "../support/program.js";
import { percentile } from "../support/statistics.js";
import { type Effort, effortOf, figure, GOALS, observed, suiteOf } from "./observed.js";

const LOCATION = "here";
const CONCURRENCY = 100;
const READ_AT_ONCE = 500;

/** The same checks by two watches that share a queue on Redis, and one worker. */
export async function measureWithQueue({ workshop, quick, progress }: Setting): Promise<Figure[]> {
  const folder = join(workshop.folder, "watch-with-queue");
  mkdirSync(folder);
  const redis = await startRedisServer(folder);
  if (redis === null) return [{ ...named("lateness of a start, 99 %", "ms", null, null), skipped: "redis-server is not installed" }];
  const effort = effortOf(quick);
  const server = await startStarttlsServer(workshop);
  const url = `redis://127.0.0.1:${redis.port}?prefix=many`;
  const programs: Program[] = [];
  try {
    progress(`${effort.checks} checks with a queue`);
    const file = join(folder, "checks.yaml");
    writeFileSync(file, suiteOf(effort, server.ready.port, `, locations: [${LOCATION}]`));
    const limits = ["--concurrency", String(CONCURRENCY), "--limit", String(CONCURRENCY), "--allow-target", "127.0.0.1"];
    const worker = await startProgram(
      workshop.command,
      ["work", "--queue", url, "--location", LOCATION, ...limits, "--listen", "127.0.0.1:0"],
      /listening|serving/,
    );
    programs.push(worker);
    const watchWords = (name: string) => ["watch", file, "--queue", url, "--history", join(folder, name), "--listen", "127.0.0.1:0"];
    const watches = await Promise.all(["one.db", "two.db"].map((name) => startProgram(workshop.command, watchWords(name), /\/metrics\n/)));
    programs.push(...watches);
    const seen = await observed(watches, effort);
    const delays = await delaysOf(url, effort);
    const memory = watches.map(({ pid }) => mostResidentKib(pid) ?? Number.NaN);
    return [
      named("lateness of a job, 99 %", "ms", seen.latenessMs, GOALS.latenessMs),
      named("from the slot's beginning to its result in the log, without the run, 99 %", "ms", percentile(delays, 0.99), null),
      named("slots that were missed", "slots", seen.missed, 0),
      named("slots without a result", "slots", effort.checks - delays.length, 0),
      named("processor time of both watches in a second", "ms", seen.processorMs, GOALS.processorMs),
      named("memory of a watch", "KiB", Number.isNaN(memory[0]) ? null : Math.max(...memory), GOALS.memoryKib),
      named("memory of the worker", "KiB", mostResidentKib(worker.pid), null),
      named("the page, slowest", "ms", seen.pageMs, GOALS.pageMs),
    ];
  } finally {
    for (const program of programs.reverse()) await program.stop();
    await server.stop();
    await redis.stop();
  }
}

function named(name: string, unit: Figure["unit"], value: number | null, most: number | null): Figure {
  return figure(`with a queue, two watches: ${name}`, unit, value, most);
}

/** Of the slots of one interval, the last one that is over: milliseconds for each. */
async function delaysOf(url: string, { everySeconds }: Effort): Promise<number[]> {
  const log = await openLog(url, "watch");
  try {
    const [until, everyMs] = [Date.now() - 5000, everySeconds * 1000];
    const delays = new Map<string, number>();
    let after: string | null = `${until - everyMs}-0`;
    while (after !== null) {
      const { entries } = await log.read(after, READ_AT_ONCE);
      for (const { id, text } of entries) {
        const { kind, key, at, durationMs } = JSON.parse(text) as { kind: string; key: string; at: number; durationMs: number | null };
        const slot = `${key}@${at}`;
        if (kind !== "report" || at < until - everyMs || at >= until || delays.has(slot)) continue;
        delays.set(slot, Number(id.split("-")[0]) - at - (durationMs ?? 0));
      }
      after = entries.length < READ_AT_ONCE ? null : (entries.at(-1)?.id ?? null);
    }
    return [...delays.values()];
  } finally {
    await log.close();
  }
}
