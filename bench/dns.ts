import type { LookUpAnswer, LookUpRequest } from "./contenders/look-ups.js";
import type { Bench, Setting } from "./support/bench.js";
import { type Child, startChild } from "./support/child.js";
import type { Figure, Unit } from "./support/figure.js";
import { interleaved } from "./support/rounds.js";
import { ratios, spreadOf } from "./support/statistics.js";

export const dns: Bench = {
  name: "dns",
  summary: "MX look-ups against a local name server, cold and cached.",
  measure,
};

const PEER = "node:dns resolveMx";

interface Line {
  readonly name: string;
  /** Our operation, and the peer's in the same round; null if it has no equivalent. */
  readonly ours: Task;
  readonly peers: Task | null;
}

type Task = Omit<LookUpRequest, "server">;

const LINES: readonly Line[] = [
  {
    name: "cold, one after the other",
    ours: { kind: "cold", total: 4000, concurrency: 1 },
    peers: { kind: "cold", total: 4000, concurrency: 1 },
  },
  {
    name: "cold, 100 under way",
    ours: { kind: "cold", total: 20_000, concurrency: 100 },
    peers: { kind: "cold", total: 20_000, concurrency: 100 },
  },
  {
    name: "cached",
    ours: { kind: "warm", total: 500_000, concurrency: 100 },
    peers: { kind: "warm", total: 20_000, concurrency: 100 },
  },
  { name: "the whole of mail.mx, cached", ours: { kind: "probe", total: 10_000, concurrency: 100 }, peers: null },
];

async function measure(setting: Setting): Promise<Figure[]> {
  const { script, library } = setting.workshop;
  const children: Child[] = [];
  const start = async <Ready>(args: readonly string[]): Promise<Child<Ready>> => {
    const child = await startChild<Ready>(process.execPath, args);
    children.push(child);
    return child;
  };
  try {
    const { ready } = await start<{ port: number }>([script("dnsServer")]);
    const ours = await start([script("dnsOurs"), library]);
    const node = await start([script("dnsNode")]);
    return await measureLines(setting, `127.0.0.1:${ready.port}`, ours, node);
  } finally {
    for (const child of children.reverse()) await child.stop();
  }
}

async function measureLines(setting: Setting, server: string, ours: Child, node: Child): Promise<Figure[]> {
  const contenders = new Map<string, () => Promise<LookUpAnswer>>();
  for (const { name, ours: own, peers } of LINES) {
    contenders.set(`${name}: ours`, () => lookUps(setting, ours, server, own));
    if (peers !== null) contenders.set(`${name}: ${PEER}`, () => lookUps(setting, node, server, peers));
  }
  // Once for nothing: both have to be compiled and warm.
  await interleaved(1, contenders, setting.progress);
  const measured = await interleaved(setting.quick ? 2 : 7, contenders, setting.progress);
  return LINES.flatMap(({ name }) => {
    const [own, peers] = [measured.get(`${name}: ours`) as LookUpAnswer[], measured.get(`${name}: ${PEER}`) ?? null];
    const of = (unit: Unit, title: string, value: (answer: LookUpAnswer) => number) => figure(title, unit, own.map(value), peers?.map(value) ?? null);
    return [of("look-ups/s", name, ({ perSecond }) => perSecond), of("µs", `CPU a look-up, ${name}`, ({ cpuMicroseconds }) => cpuMicroseconds)];
  });
}

async function lookUps({ quick }: Setting, child: Child, server: string, task: Task): Promise<LookUpAnswer> {
  const total = quick ? Math.ceil(task.total / 4) : task.total;
  return child.ask<LookUpAnswer>({ ...task, server, total });
}

function figure(name: string, unit: Unit, ours: readonly number[], peers: readonly number[] | null): Figure {
  const beside = peers === null ? { peers: null, ratio: null } : { peers: spreadOf(peers), ratio: ratios(ours, peers) };
  return { bench: dns.name, name, unit, ours: spreadOf(ours), peer: peers === null ? "" : PEER, ...beside, goal: null, skipped: null };
}
