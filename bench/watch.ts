import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { startSmtpServer } from "../runner/lab/smtp-server.js";
import { openDriver } from "../runner/sqlite/driver.js";
import { inRepo } from "../scripts/repo.js";
import type { Bench, Setting } from "./support/bench.js";
import type { Figure } from "./support/figure.js";
import { processorTime } from "./support/processor-time.js";
import { percentile, ratios, spreadOf } from "./support/statistics.js";

export const watch: Bench = {
  name: "watch",
  summary: "probe-run watch with many checks of one mail server with STARTTLS: how late they start, processor time, memory, the page.",
  measure,
};

/** Of 10,000 checks a minute: docs/watch.md. */
const GOALS = { latenessMs: 250, processorMsPerSecond: 1500, memoryKib: 400 * 1024, pageMs: 200 } as const;

async function measure({ workshop, quick }: Setting): Promise<Figure[]> {
  const checks = quick ? 500 : 10_000;
  const seconds = quick ? 20 : 150;
  const everySeconds = quick ? 3 : 60;
  const server = await startSmtpServer({ tls: "starttls" });
  const alone = await timesAlone(join(workshop.folder, "alone.jsonl"), server.port, quick ? 50 : 300);
  const file = join(workshop.folder, "checks.yaml");
  writeFileSync(file, suiteOf(checks, everySeconds, server.port));
  const child = spawn(
    process.execPath,
    [inRepo("bin/probe-run.cjs"), "watch", file, "--history", join(workshop.folder, "history.db"), "--listen", "127.0.0.1:0"],
    {
      stdio: ["ignore", "ignore", "pipe"],
    },
  );
  let text = "";
  try {
    child.stderr.setEncoding("utf8").on("data", (piece: string) => {
      text += piece;
    });
    while (!text.includes("/metrics\n")) {
      if (child.exitCode !== null) throw new Error(`probe-run watch ended with ${child.exitCode}: ${text}`);
      await sleep(100);
    }
    const address = /serving (\S+)\/metrics/.exec(text)?.[1] as string;
    const found = await figures(child.pid as number, address, seconds);
    return [...found, measuredTimes(join(workshop.folder, "history.db"), alone)];
  } catch (error) {
    throw new Error(`${(error as Error).message}; probe-run watch said (exit code ${child.exitCode}): ${text.slice(-2000)}`, { cause: error });
  } finally {
    if (child.exitCode === null) {
      const ended = once(child, "close");
      child.kill();
      await ended;
    }
    await server.close();
  }
}

function suiteOf(checks: number, everySeconds: number, port: number): string {
  const input = `{ target_host: 127.0.0.1, target_port: ${port}, tls: { mode: starttls, verify: ignore } }`;
  const targets = Array.from({ length: checks / 10 }, (_, index) => `  t${index}: ${input}`);
  const lines = Array.from({ length: 10 }, (_, index) => `  - { probe: network.smtp@2, name: c${index} }`);
  return `name: many\nwatch: { every: ${everySeconds}s }\ntargets:\n${targets.join("\n")}\nchecks:\n${lines.join("\n")}\n`;
}

/** After a first slot, in which everything is loaded, the page is asked for every few seconds. */
async function figures(pid: number, address: string, seconds: number): Promise<Figure[]> {
  await sleep(2000);
  const before = processorTime(pid);
  const beganAt = performance.now();
  const pages: number[] = [];
  while (performance.now() - beganAt < seconds * 1000) {
    const askedAt = performance.now();
    await textAt(`${address}/`);
    pages.push(performance.now() - askedAt);
    await sleep(3000);
  }
  const lastedMs = performance.now() - beganAt;
  const after = processorTime(pid);
  const metrics = await textAt(`${address}/metrics`);
  const lateness = Number(/start_lateness_seconds\{quantile="0.99"\} (\S+)/.exec(metrics)?.[1]) * 1000;
  const missed = Number(/missed_total (\d+)/.exec(metrics)?.[1]);
  const processor = before === null || after === null ? null : (after - before) / lastedMs;
  return [
    figure("lateness of a start, 99 %", "ms", lateness, GOALS.latenessMs),
    figure("processor time in a second", "ms", processor, GOALS.processorMsPerSecond),
    figure("memory", "KiB", residentKib(pid), GOALS.memoryKib),
    figure("the page, slowest", "ms", Math.max(...pages), GOALS.pageMs),
    figure("slots that were missed", "slots", missed, 0),
  ];
}

/** The same check, one run after another: what watching adds to the times that it measures. */
async function timesAlone(file: string, port: number, runs: number): Promise<number[]> {
  const input = { target_host: "127.0.0.1", target_port: port, tls: { mode: "starttls", verify: "ignore" } };
  writeFileSync(file, `${JSON.stringify(input)}\n`.repeat(runs));
  const words = [inRepo("bin/probe-run.cjs"), "network.smtp@2", file, "--concurrency", "1", "--format", "jsonl"];
  const { stdout } = await promisify(execFile)(process.execPath, words, { maxBuffer: 1 << 26 });
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => (JSON.parse(line) as { output: { duration_ms: number } }).output.duration_ms);
}

function measuredTimes(history: string, alone: readonly number[]): Figure {
  const driver = openDriver(history);
  const rows = driver.prepare("SELECT duration_us FROM results WHERE duration_us IS NOT NULL ORDER BY at DESC LIMIT 10000").all() as { duration_us: number }[];
  driver.close();
  const ours = percentile(
    rows.map(({ duration_us: microseconds }) => microseconds / 1000),
    0.99,
  );
  const peer = percentile(alone, 0.99);
  const base = figure("time that a check measures, 99 %", "ms", ours, 0);
  return { ...base, peer: "the same runs, one after another", peers: spreadOf([peer]), ratio: ratios([ours], [peer]), goal: null };
}

/** A connection for each request: one that is kept may be closed by its idle timeout just when the next request goes out. */
function textAt(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (piece: string) => {
        text += piece;
      });
      response.once("end", () => resolve(text)).once("error", reject);
    }).once("error", reject);
  });
}

function figure(name: string, unit: Figure["unit"], value: number | null, most: number): Figure {
  const goal = { of: "ours", at: "most", value: most } as const;
  const skipped = value === null ? "only on Linux" : null;
  return { bench: "watch", name, unit, ours: value === null ? null : spreadOf([value]), peer: "", peers: null, ratio: null, goal, skipped };
}

function residentKib(pid: number): number | null {
  if (process.platform !== "linux") return null;
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}
