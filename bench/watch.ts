import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startSmtpServer } from "../runner/lab/smtp-server.js";
import { inRepo } from "../scripts/repo.js";
import type { Bench, Setting } from "./support/bench.js";
import type { Figure } from "./support/figure.js";
import { processorTime } from "./support/processor-time.js";
import { spreadOf } from "./support/statistics.js";

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
  const file = join(workshop.folder, "checks.yaml");
  writeFileSync(file, suiteOf(checks, everySeconds, server.port));
  const child = spawn(
    process.execPath,
    [inRepo("bin/probe-run.cjs"), "watch", file, "--history", join(workshop.folder, "history.db"), "--listen", "127.0.0.1:0"],
    {
      stdio: ["ignore", "ignore", "pipe"],
    },
  );
  try {
    let text = "";
    child.stderr.setEncoding("utf8").on("data", (piece: string) => {
      text += piece;
    });
    while (!text.includes("/metrics\n")) {
      if (child.exitCode !== null) throw new Error(`probe-run watch ended with ${child.exitCode}: ${text}`);
      await sleep(100);
    }
    const address = /serving (\S+)\/metrics/.exec(text)?.[1] as string;
    return await figures(child.pid as number, address, seconds);
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
    await (await fetch(`${address}/`)).text();
    pages.push(performance.now() - askedAt);
    await sleep(3000);
  }
  const lastedMs = performance.now() - beganAt;
  const after = processorTime(pid);
  const metrics = await (await fetch(`${address}/metrics`)).text();
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

function figure(name: string, unit: Figure["unit"], value: number | null, most: number): Figure {
  const goal = { of: "ours", at: "most", value: most } as const;
  const skipped = value === null ? "only on Linux" : null;
  return { bench: "watch", name, unit, ours: value === null ? null : spreadOf([value]), peer: "", peers: null, ratio: null, goal, skipped };
}

function residentKib(pid: number): number | null {
  if (process.platform !== "linux") return null;
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}
