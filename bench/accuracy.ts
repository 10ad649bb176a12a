import type { TimeAnswer, TimeRequest } from "./contenders/tasks.js";
import type { Bench, Setting } from "./support/bench.js";
import type { Child } from "./support/child.js";
import { startBare, startProbeRun, startSmtpServer } from "./support/contenders.js";
import type { Figure, Goal } from "./support/figure.js";
import { interleaved } from "./support/rounds.js";
import { ratios, spreadOf } from "./support/statistics.js";

export const accuracy: Bench = {
  name: "accuracy",
  summary: "How far response_time_ms is from the delay that a server really gave, with many probes under way.",
  measure,
};

const OURS = "probe-run";
const BARE = "bare node:net loop";
const NOOP_DELAY_MS = 20;

/** A burst starts N probes at once. Steady keeps N running: one that ends makes room for the next. */
interface Shape {
  readonly name: string;
  readonly concurrency: number;
  readonly total: number;
  /** The goals are set for 500 probes kept under way: that is what a worker does all day. */
  readonly goals: { readonly p50: Goal; readonly p99: Goal } | null;
}

const AT_500 = { p50: { of: "ours", at: "most", value: 1 }, p99: { of: "ours", at: "most", value: 5 } } as const;

const SHAPES: readonly Shape[] = [
  { name: "one at a time", concurrency: 1, total: 50, goals: null },
  { name: "burst of 100", concurrency: 100, total: 100, goals: null },
  { name: "steady 100", concurrency: 100, total: 1000, goals: null },
  { name: "burst of 500", concurrency: 500, total: 500, goals: null },
  { name: "steady 500", concurrency: 500, total: 3000, goals: AT_500 },
  { name: "burst of 1000", concurrency: 1000, total: 1000, goals: null },
  { name: "steady 1000", concurrency: 1000, total: 5000, goals: null },
];

async function measure(setting: Setting): Promise<Figure[]> {
  const { workshop, quick, progress } = setting;
  const children: Child[] = [];
  const kept = async <Started extends Child>(starting: Promise<Started>): Promise<Started> => {
    const child = await starting;
    children.push(child);
    return child;
  };
  try {
    const { port } = (await kept(startSmtpServer(workshop, NOOP_DELAY_MS))).ready;
    const contenders = new Map([
      [OURS, await kept(startProbeRun(workshop))],
      [BARE, await kept(startBare(workshop))],
    ]);
    for (const child of contenders.values()) await child.ask({ task: "time", port, total: 1000, concurrency: 100 });
    const figures: Figure[] = [];
    for (const shape of SHAPES) figures.push(...(await measureShape(shape, port, contenders, quick ? 1 : 7, progress)));
    return figures;
  } finally {
    for (const child of children) await child.stop();
  }
}

async function measureShape(
  shape: Shape,
  port: number,
  contenders: ReadonlyMap<string, Child>,
  rounds: number,
  progress: (text: string) => void,
): Promise<Figure[]> {
  const request: TimeRequest = { task: "time", port, total: shape.total, concurrency: shape.concurrency };
  const timings = new Map([...contenders].map(([name, child]) => [name, () => child.ask<TimeAnswer>(request)]));
  const measured = await interleaved(rounds, timings, (text) => progress(`${shape.name}, ${text}`));
  const [ours, bare] = [measured.get(OURS) as TimeAnswer[], measured.get(BARE) as TimeAnswer[]];
  return (["p50", "p99"] as const).map((rank) => {
    const [our, their] = [ours.map((round) => round[rank]), bare.map((round) => round[rank])];
    const values = { ours: spreadOf(our), peers: spreadOf(their), ratio: ratios(our, their) };
    return { bench: accuracy.name, name: `error, ${shape.name}, ${rank}`, unit: "ms", peer: BARE, ...values, goal: shape.goals?.[rank] ?? null, skipped: null };
  });
}
