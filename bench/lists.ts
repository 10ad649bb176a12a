import type { ManyAnswer } from "./contenders/many-ours.js";
import { startSmtpSink } from "./peers/smtp-sink.js";
import type { Bench, Setting } from "./support/bench.js";
import { type Child, startChild } from "./support/child.js";
import { startSlowSmtpServer } from "./support/contenders.js";
import type { Figure, Goal } from "./support/figure.js";
import { interleaved } from "./support/rounds.js";
import { ratios, spreadOf } from "./support/statistics.js";

export const lists: Bench = {
  name: "lists",
  summary: "A list of inputs run by runMany() in two processes, beside one.",
  measure,
};

const ONE = "one process";
const TWO = "two processes";
const TWICE: Goal = { of: "ratio", at: "least", value: 1.8 };
const NOOP_MS = 20;

interface Target {
  readonly name: string;
  readonly port: number;
  readonly concurrency: number;
  readonly total: number;
  readonly goal: Goal | null;
}

async function measure(setting: Setting): Promise<Figure[]> {
  const { workshop, quick } = setting;
  const sink = await startSmtpSink(workshop.folder);
  const late = await startSlowSmtpServer(workshop, NOOP_MS);
  const ours = await startChild(process.execPath, [workshop.script("manyOurs"), workshop.library]);
  try {
    // Where the server answers at once, it and the two processes share the cores: that is shown and has no goal.
    const atOnce = { name: "at once", port: sink?.port ?? 0, concurrency: 64, total: quick ? 1000 : 12_000, goal: null };
    const after = { name: `after ${NOOP_MS} ms`, port: late.ready.port, concurrency: 16, total: quick ? 400 : 8000, goal: TWICE };
    const figures = sink === null ? [] : await measureAgainst(atOnce, ours, setting);
    return [...figures, ...(await measureAgainst(after, ours, setting))];
  } finally {
    await ours.stop();
    await late.stop();
    await sink?.stop();
  }
}

async function measureAgainst(target: Target, ours: Child, { quick, progress }: Setting): Promise<Figure[]> {
  const { name, port, concurrency, total, goal } = target;
  const contenders = new Map([ONE, TWO].map((each, index) => [each, () => ours.ask<ManyAnswer>({ port, total, concurrency, processes: index + 1 })]));
  const measured = await interleaved(quick ? 1 : 7, contenders, (text) => progress(`answered ${name}, ${text}`));
  const [one, two] = [measured.get(ONE), measured.get(TWO)] as [ManyAnswer[], ManyAnswer[]];
  const [ones, twos] = [one, two].map((answers) => answers.map(({ perSecond }) => perSecond)) as [number[], number[]];
  const rate = { bench: lists.name, name: `answered ${name}: ${TWO}`, unit: "probes/s", peer: ONE, skipped: null } as const;
  const reader = { bench: lists.name, name: `answered ${name}: CPU of the reader, a result`, unit: "µs", peer: "", skipped: null } as const;
  const cpu = spreadOf(two.map(({ cpuMicroseconds }) => cpuMicroseconds));
  return [
    { ...rate, ours: spreadOf(twos), peers: spreadOf(ones), ratio: ratios(twos, ones), goal },
    { ...reader, ours: cpu, peers: null, ratio: null, goal: null },
  ];
}
