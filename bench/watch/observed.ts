import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { get } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { Figure } from "../support/figure.js";
import { processorTime } from "../support/processor-time.js";
import type { Program } from "../support/program.js";
import { spreadOf } from "../support/statistics.js";
import type { Workshop } from "../support/workshop.js";

/** Of 10,000 checks a minute: docs/watch.md. */
export const GOALS = { latenessMs: 250, processorMs: 1500, memoryKib: 400 * 1024, pageMs: 200 } as const;

export interface Effort {
  readonly checks: number;
  readonly everySeconds: number;
  /** How long it is watched. */
  readonly seconds: number;
  /** Between two single runs of another process. */
  readonly besideMs: number;
}

export function effortOf(quick: boolean): Effort {
  return quick ? { checks: 500, everySeconds: 3, seconds: 20, besideMs: 250 } : { checks: 10_000, everySeconds: 60, seconds: 150, besideMs: 250 };
}

export interface Observed {
  readonly latenessMs: number;
  readonly processorMs: number | null;
  readonly pageMs: number;
  readonly missed: number;
}

/** Until everything is loaded. */
const WARM_MS = 2000;
const PAGE_EVERY_MS = 3000;

/** Watches the programs that serve metrics: the latest start, the slowest page and all missed slots of them, and the processor time of all programs. */
export async function observed(watches: readonly Program[], { seconds }: Effort, others: readonly { readonly pid: number }[] = []): Promise<Observed> {
  const addresses = watches.map((watch) => /serving (\S+)\/metrics/.exec(watch.err())?.[1] as string);
  const pids = [...watches, ...others].map(({ pid }) => pid);
  await sleep(WARM_MS);
  const before = totalTime(pids);
  const beganAt = performance.now();
  const pages: number[] = [];
  while (performance.now() - beganAt < seconds * 1000) {
    for (const address of addresses) {
      const askedAt = performance.now();
      await textAt(`${address}/`);
      pages.push(performance.now() - askedAt);
    }
    await sleep(PAGE_EVERY_MS);
  }
  const lastedMs = performance.now() - beganAt;
  const after = totalTime(pids);
  const metrics = await Promise.all(addresses.map((address) => textAt(`${address}/metrics`)));
  return {
    latenessMs: Math.max(...metrics.map((text) => numberIn(text, /start_lateness_seconds\{quantile="0.99"\} (\S+)/) * 1000)),
    processorMs: before === null || after === null ? null : (after - before) / lastedMs,
    pageMs: Math.max(...pages),
    missed: metrics.reduce((sum, text) => sum + numberIn(text, /missed_total (\d+)/), 0),
  };
}

/** The durations of single runs of the same check by another process, evenly spread over a time. */
export async function runsBeside({ folder, command }: Workshop, port: number, everyMs: number, seconds: number): Promise<number[]> {
  const file = join(folder, "beside.json");
  writeFileSync(file, JSON.stringify({ target_host: "127.0.0.1", target_port: port, tls: { mode: "starttls", verify: "ignore" } }));
  const words = ["network.smtp@2", file, "--repeat", String(Math.floor((seconds * 1000) / everyMs)), "--interval", String(everyMs / 1000), "--format", "jsonl"];
  const { stdout } = await promisify(execFile)(process.execPath, [command, ...words], { maxBuffer: 1 << 26 });
  const lines = stdout.trimEnd().split("\n");
  return lines.map((line) => (JSON.parse(line) as { output: { duration_ms: number } }).output.duration_ms);
}

/** Ten checks of each target. */
export function suiteOf({ checks, everySeconds }: Effort, port: number, more = ""): string {
  const input = `{ target_host: 127.0.0.1, target_port: ${port}, tls: { mode: starttls, verify: ignore } }`;
  const targets = Array.from({ length: checks / 10 }, (_, index) => `  t${index}: ${input}`);
  const lines = Array.from({ length: 10 }, (_, index) => `  - { probe: network.smtp@2, name: c${index} }`);
  return `name: many\nwatch: { every: ${everySeconds}s${more} }\ntargets:\n${targets.join("\n")}\nchecks:\n${lines.join("\n")}\n`;
}

export function figure(name: string, unit: Figure["unit"], value: number | null, most: number | null): Figure {
  const goal = most === null ? null : ({ of: "ours", at: "most", value: most } as const);
  const skipped = value === null ? "only on Linux" : null;
  return { bench: "watch", name, unit, ours: value === null ? null : spreadOf([value]), peer: "", peers: null, ratio: null, goal, skipped };
}

function totalTime(pids: readonly number[]): number | null {
  const times = pids.map(processorTime);
  return times.reduce((sum, time) => (sum === null || time === null ? null : sum + time), 0);
}

function numberIn(text: string, pattern: RegExp): number {
  const found = Number(pattern.exec(text)?.[1]);
  if (!Number.isFinite(found)) throw new Error(`the metrics have no ${pattern}`);
  return found;
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
