import { execFileSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import type { WeighAnswer } from "./contenders/tasks.js";
import type { Bench, Setting } from "./support/bench.js";
import type { Child } from "./support/child.js";
import { startBare, startProbeRun, startSilentServer, startSmtpServer } from "./support/contenders.js";
import type { Figure, Goal } from "./support/figure.js";
import { interleaved } from "./support/rounds.js";
import { ratios, spreadOf } from "./support/statistics.js";

export const memory: Bench = {
  name: "memory",
  summary: "What each of 5,000 probes that wait for a silent server costs.",
  measure,
};

const OURS = "probe-run";
const BARE = "bare node:net socket";
const GOAL: Goal = { of: "ours", at: "most", value: 40 };
const PROBES = 5000;
/** Descriptors that a process needs beside its sockets. */
const SPARE_DESCRIPTORS = 100;
const ALL_CONNECTED_WITHIN_MS = 30_000;
/** After the last connection, until what it set off has been done. */
const SETTLE_MS = 500;

/** KiB for each probe. */
interface Growth {
  readonly rss: number;
  /** V8's heap and what it keeps outside, once garbage is gone. */
  readonly heap: number;
}

async function measure(setting: Setting): Promise<Figure[]> {
  const { workshop, quick, progress } = setting;
  const probes = Math.min(PROBES, descriptors() - SPARE_DESCRIPTORS);
  const fewer = probes < PROBES ? ` (of ${probes} only: the hard limit of ulimit -n allows no more)` : "";
  const contenders = new Map([
    [OURS, () => growth(setting, () => startProbeRun(workshop, ["--expose-gc"]), probes)],
    [BARE, () => growth(setting, () => startBare(workshop, ["--expose-gc"]), probes)],
  ]);
  const measured = await interleaved(quick ? 1 : 3, contenders, progress);
  const [ours, bare] = [measured.get(OURS) as Growth[], measured.get(BARE) as Growth[]];
  const figure = (kind: keyof Growth, name: string, goal: Goal | null): Figure => {
    const [our, their] = [ours.map((round) => round[kind]), bare.map((round) => round[kind])];
    const values = { ours: spreadOf(our), peers: spreadOf(their), ratio: ratios(our, their) };
    return { bench: memory.name, name: `${name} a waiting probe${fewer}`, unit: "KiB", peer: BARE, ...values, goal, skipped: null };
  };
  return [figure("rss", "resident memory", GOAL), figure("heap", "heap and external", null)];
}

/** A process of its own for each round: memory that one took is not given back to the next. */
async function growth(setting: Setting, start: () => Promise<Child>, probes: number): Promise<Growth> {
  const children: Child[] = [];
  try {
    const lively = await startSmtpServer(setting.workshop, 0);
    children.push(lively);
    const silent = await startSilentServer(setting.workshop);
    children.push(silent);
    const contender = await start();
    children.push(contender);
    // What is loaded and compiled once is not a probe's cost.
    await contender.ask({ task: "flood", port: lively.ready.port, total: 500, concurrency: 100 });
    const before = await contender.ask<WeighAnswer>({ task: "weigh", collect: true });
    await contender.ask({ task: "hold", port: silent.ready.port, total: probes });
    await connected(silent, probes);
    const after = await contender.ask<WeighAnswer>({ task: "weigh", collect: false });
    const kept = await contender.ask<WeighAnswer>({ task: "weigh", collect: true });
    return { rss: (after.rss - before.rss) / 1024 / probes, heap: (kept.heap - before.heap) / 1024 / probes };
  } finally {
    for (const child of children.reverse()) await child.stop();
  }
}

async function connected(silent: Child, probes: number): Promise<void> {
  const giveUpAt = performance.now() + ALL_CONNECTED_WITHIN_MS;
  for (let open = 0; open < probes; { open } = await silent.ask<{ open: number }>("how many?")) {
    if (performance.now() > giveUpAt) throw new Error(`only ${open} of ${probes} connections were made`);
    await sleep(50);
  }
  await sleep(SETTLE_MS);
}

/** How many files a process may open. Node raises its own limit up to the hard one when it starts. */
function descriptors(): number {
  const limit = execFileSync("sh", ["-c", "ulimit -Hn"], { encoding: "utf8" }).trim();
  return limit === "unlimited" ? Number.POSITIVE_INFINITY : Number(limit);
}
